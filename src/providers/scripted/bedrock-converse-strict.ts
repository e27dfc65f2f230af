import { isJsonObject, type Json, type JsonObject } from '../../tokens/index.ts'
import type { Refusal } from './refusal.ts'

const fields = new Set(
  `messages system inferenceConfig toolConfig guardrailConfig additionalModelRequestFields promptVariables outputConfig
  additionalModelResponseFieldPaths requestMetadata performanceConfig serviceTier`.split(/\s+/),
)

const blockKinds = new Set(
  `text image document video audio toolUse toolResult guardContent cachePoint reasoningContent citationsContent
  searchResult`.split(/\s+/),
)

const name = /^[a-zA-Z0-9_-]{1,64}$/
const documentName = /^[a-zA-Z0-9()[\]-]+( [a-zA-Z0-9()[\]-]+)*$/

/** What Bedrock answers 400 to: an order of turns, blocks and names that it does not take. */
export function converseRefusal(body: JsonObject, messages: JsonObject[]): Refusal | undefined {
  const unknown = Object.keys(body).find((key) => !fields.has(key))
  if (unknown) return { param: unknown, message: `Unexpected field ${unknown}` }
  let before = 'assistant'
  let open: string[] = []
  let tools = false
  const documents = new Set<string>()
  for (const [index, { role, content }] of messages.entries()) {
    const param = `messages.${index}`
    const refuse = (message: string): Refusal => ({ param, message: `${message} (${param})` })
    if (role === before) return refuse('A conversation must alternate between user and assistant roles.')
    if (index === 0 && role !== 'user') return refuse('A conversation must start with a user message.')
    before = String(role)
    const blocks = objects(content)
    if (blocks.length === 0) return refuse('The content field is empty.')
    const found = blocks.map(blockRefusal).find((one) => one !== undefined)
    if (found) return refuse(found)
    const results = blocks.flatMap(({ toolResult }) => (isJsonObject(toolResult) ? [String(toolResult.toolUseId)] : []))
    tools = tools || results.length > 0
    const missing = open.filter((id) => !results.includes(id))
    if (missing.length > 0) return refuse(`Expected toolResult blocks for the following Ids: ${missing.join(', ')}`)
    const stray = results.find((id) => !open.includes(id))
    if (stray) return refuse(`The toolResult block ${stray} has no toolUse block before it.`)
    open = blocks.flatMap(({ toolUse }) => (isJsonObject(toolUse) ? [String(toolUse.toolUseId)] : []))
    for (const { document } of blocks) {
      if (!isJsonObject(document)) continue
      if (documents.has(String(document.name))) return refuse('Documents must have different names.')
      documents.add(String(document.name))
      if (!blocks.some((block) => block.text !== undefined)) return refuse('A document needs a text beside it.')
    }
  }
  if (open.length > 0) return { param: 'messages', message: `These calls have no result: ${open.join(', ')}` }
  if (tools && !isJsonObject(body.toolConfig)) {
    return { param: 'toolConfig', message: 'The toolConfig field must be defined when using toolUse and toolResult' }
  }
  return toolRefusal(body)
}

function blockRefusal(block: JsonObject): string | undefined {
  const [kind, ...rest] = Object.keys(block)
  if (kind === undefined || rest.length > 0 || !blockKinds.has(kind))
    return 'A block must have exactly one known field.'
  if (block.text !== undefined && String(block.text).trim() === '')
    return 'The text field in the ContentBlock is blank.'
  const { toolUse, toolResult, document } = block
  if (isJsonObject(toolUse)) {
    if (!isJsonObject(toolUse.input))
      return 'The format of the value at toolUse.input is invalid. Provide a json object.'
    if (!name.test(String(toolUse.toolUseId)) || !name.test(String(toolUse.name))) return 'The id or name is not legal.'
  }
  if (isJsonObject(toolResult)) {
    const content = objects(toolResult.content)
    if (content.length === 0 || content.some(({ text }) => text === '')) return 'The content of toolResult is blank.'
  }
  if (isJsonObject(document) && !documentName.test(String(document.name)))
    return 'The name of the document is not legal.'
  return undefined
}

function toolRefusal({ toolConfig }: JsonObject): Refusal | undefined {
  if (!isJsonObject(toolConfig)) return undefined
  const specs = objects(toolConfig.tools).flatMap(({ toolSpec }) => (isJsonObject(toolSpec) ? [toolSpec] : []))
  if (specs.length === 0) return { param: 'toolConfig', message: 'toolConfig.tools must hold at least one tool.' }
  const wrong = specs.find((spec) => !name.test(String(spec.name)) || spec.description === '')
  if (wrong) return { param: 'toolConfig', message: `The tool ${String(wrong.name)} is not legal.` }
  const unshaped = specs.find(({ inputSchema }) => {
    const json = isJsonObject(inputSchema) ? inputSchema.json : undefined
    return !isJsonObject(json) || json.type !== 'object'
  })
  if (unshaped) {
    return { param: 'toolConfig', message: `The schema of the tool ${String(unshaped.name)} must be of type object.` }
  }
  return undefined
}

function objects(value: Json | undefined): JsonObject[] {
  return Array.isArray(value) ? value.filter(isJsonObject) : []
}
