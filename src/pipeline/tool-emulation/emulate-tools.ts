import type { Warning } from '../../dialects/index.ts'
import { SluiceError } from '../../errors/index.ts'
import type { ChatRequest, TextPart, Tool, ToolChoice } from '../../tokens/index.ts'
import type { OfferedTool } from './offered-tool.ts'
import { appendedText, spokenTurns } from './spoken-turns.ts'
import type { ToolCallExtractionOptions } from './tool-call-extraction.ts'
import { choiceWords, type NamedTool, schemaOf, toolWords } from './tool-words.ts'

/** A request without tools, and what is to be done with its answer. */
export interface ToolEmulation {
  /** Says in words all that the request said of tools. */
  request: ChatRequest
  /** How calls are found in the answer. Absent: none may be made. */
  calls?: ToolCallExtractionOptions
  warnings: Warning[]
}

/**
 * A request with tools for a model that knows none: the tools become instructions, earlier calls texts of the assistant
 * in the form that is asked for, results texts of the user. What was sent in one turn is sent the same in the next, to the
 * byte; a choice stands at the very end, since it may change from turn to turn. The request itself is not changed, and one
 * that has nothing to do with tools comes back as it is.
 *
 * Images and files in results follow them in the same message, so that a model which reads no images refuses them as it
 * refuses others.
 *
 * @throws SluiceError `unsupported` for a choice of a tool that cannot be offered
 */
export function emulateTools(request: ChatRequest): ToolEmulation {
  const worked = request.messages.some(
    ({ role, parts }) => role === 'tool' || parts.some(({ type }) => type === 'tool-call'),
  )
  if (request.tools.length === 0 && !worked) return { request, warnings: [] }
  const { toolChoice = { mode: 'auto' }, parallelToolCalls, ...rest } = request
  const warnings: Warning[] = []
  const tools = namedTools(request.tools, warnings)
  const callable = tools.filter((tool) => mayBeCalled(tool, toolChoice))
  const required = demands(toolChoice)
  if (required && callable.length === 0) {
    throw new SluiceError(
      'unsupported',
      'cannot ask this model for a call: none of the tools that are offered can be called as demanded; offer it, or leave the choice open',
      { param: 'tool_choice' },
    )
  }
  const { messages, seed } = spokenTurns(request.messages)
  const spoken: ChatRequest = { ...rest, messages, tools: [] }
  if (tools.length === 0) return { request: spoken, warnings }

  const single = parallelToolCalls === false
  warnings.push(changed('tools', 'this model is told of them in words, and calls are read out of its text'))
  if (single) warnings.push(changed('parallel_tool_calls', 'asked for in words'))
  spoken.system = instructed(request, tools, toolWords(tools, !single))
  const words = choiceWords(toolChoice)
  if (words !== undefined) {
    warnings.push(changed('tool_choice', 'asked for in words'))
    const last = messages.at(-1)
    if (last?.role === 'user') messages[messages.length - 1] = { ...last, parts: appendedText(last.parts, words) }
    else spoken.system = appendedText(spoken.system, words) as TextPart[]
  }
  if (callable.length === 0) return { request: spoken, warnings }
  return { request: spoken, warnings, calls: { tools: callable.map(offered), required, single, seed } }
}

function namedTools(tools: readonly Tool[], warnings: Warning[]): NamedTool[] {
  const named: NamedTool[] = []
  for (const [index, tool] of tools.entries()) {
    if (tool.kind !== 'hosted') named.push(tool)
    else {
      const reason = `the tool "${tool.name}" runs at its vendor`
      warnings.push({ field: `tools[${index}]`, action: 'dropped', reason })
    }
  }
  return named
}

function mayBeCalled({ name }: NamedTool, choice: ToolChoice): boolean {
  switch (choice.mode) {
    case 'none':
      return false
    case 'one':
      return name === choice.name
    case 'subset':
      return choice.names.includes(name)
    default:
      return true
  }
}

function demands(choice: ToolChoice): boolean {
  return choice.mode === 'required' || choice.mode === 'one' || (choice.mode === 'subset' && choice.required)
}

function offered(tool: NamedTool): OfferedTool {
  const parameters = schemaOf(tool)
  return { name: tool.name, kind: tool.kind, ...(parameters && { parameters }) }
}

/**
 * The tools stand behind the instructions, and so does the mark up to which the prompt is cached: the one that the tools
 * had, or the instructions before them.
 */
function instructed({ system }: ChatRequest, tools: readonly NamedTool[], text: string): TextPart[] {
  const before = system.slice(0, -1)
  const last = system.at(-1)
  const { cache = tools.findLast((tool) => tool.cache)?.cache, ...rest } = last ?? {}
  if (last) before.push(rest as TextPart)
  return [...before, { type: 'text', text, ...(cache && { cache }) }]
}

function changed(field: string, reason: string): Warning {
  return { field, action: 'changed', reason }
}
