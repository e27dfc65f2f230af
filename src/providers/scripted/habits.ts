import type { IncomingHttpHeaders } from 'node:http'
import type { Ask } from './ask.ts'
import { checkStreaming } from './check.ts'
import { type Habit, habitsOf, type Streaming } from './habit.ts'

/** Habits that follow each other, and how many requests have met them. */
interface Course {
  habits: Habit[]
  met: number
}

/** How many courses of scripts are remembered; a script inside a request is one too, and those are many. */
const remembered = 1000

/** The streaming habits of one server, which may change while it runs. */
export class Habits {
  #all: Course | undefined
  readonly #byModel = new Map<string, Course>()
  readonly #byScript = new Map<string, Course>()

  /** @throws SluiceError `config_invalid` */
  set(streaming: Streaming | undefined, model: string | undefined, source: string): void {
    const course = streaming === undefined ? undefined : { habits: habitsOf(checkStreaming(streaming, source)), met: 0 }
    if (model === undefined) this.#all = course
    else if (course) this.#byModel.set(model, course)
    else this.#byModel.delete(model)
  }

  /** The habit that this request meets: of its model, else of the server, else of its script, which `key` stands for. */
  next(ask: Ask, scripted: Streaming | undefined, key: string): Habit {
    const course = this.#byModel.get(ask.model) ?? this.#all ?? (scripted && this.#ofScript(scripted, key))
    const habit = course ? advance(course) : usual(ask)
    return habit.when === 'tools' && ask.tools.length === 0 ? usual(ask) : habit
  }

  #ofScript(scripted: Streaming, key: string): Course {
    const known = this.#byScript.get(key)
    if (known) return known
    const course = { habits: habitsOf(scripted), met: 0 }
    this.#byScript.set(key, course)
    if (this.#byScript.size > remembered) this.#byScript.delete(this.#byScript.keys().next().value as string)
    return course
  }
}

/** Straico answers whole, whatever is asked. */
function usual({ language }: Ask): Habit {
  return { habit: language === 'straico' ? 'ignores' : 'streams' }
}

function advance(course: Course): Habit {
  let left = course.met++
  for (const habit of course.habits) {
    if (habit.requests === undefined || left < habit.requests) return habit
    left -= habit.requests
  }
  return course.habits.at(-1) as Habit
}

/** Whether the request is one for a stream, for a server of this habit. */
export function wantsStream(habit: Habit, ask: Ask, headers: IncomingHttpHeaders): boolean {
  if (ask.form === 'prompt' || ask.form === 'prompts') return false
  const asked = habit.asked ?? (ask.language === 'straico' && streamsAtAll(habit) ? 'either' : 'field')
  const accepts = /\btext\/event-stream\b/i.test(headers.accept ?? '')
  if (asked === 'accept') return accepts
  return ask.stream || (asked === 'either' && accepts)
}

/** Not for a server that never does, or a caller that would take both would be refused, and be told nonsense. */
function streamsAtAll({ habit }: Habit): boolean {
  return habit !== 'refuses' && habit !== 'ignores'
}
