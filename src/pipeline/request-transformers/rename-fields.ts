import { SluiceError } from '../../errors/index.ts'
import type { ChatRequest, Message, ToolChoice } from '../../tokens/index.ts'
import type { Transformer } from '../chain/transformer.ts'
import { FieldRenaming } from '../transformers/field-renaming.ts'
import { sharedFields } from './request-fields.ts'

type Names = Readonly<Record<string, string>>

export interface RenameFieldsOptions {
  /** Fields that only the client's dialect has: the name that the client uses to the one that the provider gets. */
  fields?: Names
  /** Names in `metadata`. */
  metadata?: Names
  /** Names of tools, in their definitions and in calls. Answers get the client's own names back. */
  tools?: Names
}

/**
 * Other names for fields and tools. A field whose new name is taken keeps its own, so that none is lost.
 *
 * @throws SluiceError `config_invalid`
 *
 * @example
 * const renaming = renameFields({ tools: { Bash: 'shell' } })
 */
export function renameFields({ fields = {}, metadata = {}, tools = {} }: RenameFieldsOptions = {}): Transformer {
  const shared = Object.keys(fields).find((name) => sharedFields.includes(name))
  if (shared !== undefined) {
    throw new SluiceError(
      'config_invalid',
      `cannot rename the field \`${shared}\`: every dialect has its own word for it, which is not chosen here; leave it out`,
      { param: 'fields' },
    )
  }
  const names = new Map(Object.entries(tools))
  const back = { tools, reverse: true }
  // Made once for nothing, so that two names that become one are told of now.
  if (names.size > 0) new FieldRenaming(back)
  return {
    name: 'rename-fields',
    request(request) {
      const after = names.size === 0 ? request : withTools(request, names)
      const own = renamed(after.extra.fields, fields)
      const marks = after.metadata && renamed(after.metadata, metadata)
      if (own === after.extra.fields && marks === after.metadata) return after
      return { ...after, extra: { ...after.extra, fields: own }, ...(marks && { metadata: marks }) }
    },
    ...(names.size > 0 && { tokens: () => new FieldRenaming(back) }),
  }
}

function renamed<V>(table: Record<string, V>, names: Names): Record<string, V> {
  let changed = false
  const entries = Object.entries(table).map(([key, value]): [string, V] => {
    const to = Object.hasOwn(names, key) ? names[key] : undefined
    if (to === undefined || to === key || Object.hasOwn(table, to)) return [key, value]
    changed = true
    return [to, value]
  })
  return changed ? Object.fromEntries(entries) : table
}

function withTools(request: ChatRequest, names: ReadonlyMap<string, string>): ChatRequest {
  const name = (old: string): string => names.get(old) ?? old
  const tools = mapped(request.tools, (tool) => {
    const to = name(tool.name)
    return tool.kind === 'hosted' || to === tool.name ? tool : { ...tool, name: to }
  })
  const messages = mapped(request.messages, (message): Message => {
    if (message.role !== 'assistant') return message
    const parts = mapped(message.parts, (part) => {
      if (part.type !== 'tool-call') return part
      const to = name(part.name)
      return to === part.name ? part : { ...part, name: to }
    })
    return parts === message.parts ? message : { ...message, parts }
  })
  const toolChoice = request.toolChoice && choiceOf(request.toolChoice, name)
  if (tools === request.tools && messages === request.messages && toolChoice === request.toolChoice) return request
  return { ...request, tools, messages, ...(toolChoice && { toolChoice }) }
}

function choiceOf(choice: ToolChoice, name: (old: string) => string): ToolChoice {
  if (choice.mode === 'one') {
    const to = name(choice.name)
    return to === choice.name ? choice : { ...choice, name: to }
  }
  if (choice.mode !== 'subset') return choice
  const names = mapped(choice.names, name)
  return names === choice.names ? choice : { ...choice, names }
}

/** The same list where nothing in it changes. */
function mapped<T>(list: T[], change: (one: T) => T): T[] {
  const after = list.map(change)
  return after.some((one, i) => one !== list[i]) ? after : list
}
