import type { AssistantPart, Json, JsonObject, Message, ToolResultPart, UserPart } from '../tokens/index.ts'
import type { Warning } from './dialect.ts'

/**
 * A warning for each field that only the client's dialect knows and that stays behind on the way to another one.
 * `silent` names those that mean nothing to a model; a field that holds nothing is no loss either.
 */
export function lostFields(fields: JsonObject | undefined, at: string, silent: ReadonlySet<string>): Warning[] {
  return Object.entries(fields ?? {})
    .filter(([field, value]) => !silent.has(field) && isSet(value))
    .map(([field]) => ({
      field: `${at}.${field}`,
      action: 'dropped',
      reason: 'only the API of the client knows it',
    }))
}

/** The parts of a message, those inside the results of tools included. */
export function* partsOf(message: Message): Generator<UserPart | AssistantPart | ToolResultPart> {
  for (const part of message.parts) {
    yield part
    if (part.type === 'tool-result') yield* part.content
  }
}

/** Whether a field says anything: SDKs write `null` and empty lists for what is not there. */
export function isSet(value: Json | undefined): boolean {
  return value !== undefined && value !== null && value !== '' && !(Array.isArray(value) && value.length === 0)
}
