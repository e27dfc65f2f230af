import { isJsonObject, type Json, type JsonObject } from '../../tokens/index.ts'
import type { Asked } from '../dialect.ts'
import { flatNames, type Place } from './namespaces.ts'
import { offeredTools } from './offered-tools.ts'

/**
 * What the encoders of an answer need of the request: the settings, which every response object says again, and where
 * the tools with flat names belong. `store` says what is true, which is that nothing is stored; whoever stores answers
 * sets it.
 */
export function keep(body: JsonObject, asked: Asked = {}): JsonObject {
  if (asked.operation === 'count') return {}
  const names = Object.fromEntries([...flatNames(offeredTools(body))].map(([flat, at]) => [flat, { ...at }]))
  return { settings: settingsOf(body), ...(Object.keys(names).length > 0 && { names }) }
}

/** An answer is kept in memory with its settings, so a long one of these is left out of the echo, in characters. */
const longest = 16 * 1024

function settingsOf(body: JsonObject): JsonObject {
  const echo = (field: string, otherwise: Json): Json => body[field] ?? otherwise
  const short = (field: string, otherwise: Json): Json => {
    const value = echo(field, otherwise)
    return JSON.stringify(value).length > longest ? otherwise : value
  }
  const text = isJsonObject(body.text) ? body.text : {}
  const reasoning = isJsonObject(body.reasoning) ? body.reasoning : {}
  return {
    background: false,
    instructions: short('instructions', null),
    max_output_tokens: echo('max_output_tokens', null),
    max_tool_calls: echo('max_tool_calls', null),
    parallel_tool_calls: echo('parallel_tool_calls', true),
    previous_response_id: echo('previous_response_id', null),
    prompt_cache_key: echo('prompt_cache_key', null),
    reasoning: { effort: null, summary: null, ...reasoning },
    safety_identifier: echo('safety_identifier', null),
    service_tier: echo('service_tier', 'auto'),
    store: false,
    temperature: echo('temperature', 1),
    text: JSON.stringify(text).length > longest ? { format: { type: 'text' } } : { format: { type: 'text' }, ...text },
    tool_choice: echo('tool_choice', 'auto'),
    tools: short('tools', []),
    top_logprobs: echo('top_logprobs', 0),
    top_p: echo('top_p', 1),
    truncation: echo('truncation', 'disabled'),
    user: echo('user', null),
    metadata: echo('metadata', {}),
  }
}

export function settingsFrom(kept: JsonObject | undefined): JsonObject {
  return isJsonObject(kept?.settings) ? kept.settings : settingsOf({})
}

/** Where the tool of that flat name belongs. */
export function placeOf(kept: JsonObject | undefined, name: string): Place | undefined {
  const names = kept?.names
  const place = isJsonObject(names) && Object.hasOwn(names, name) ? names[name] : undefined
  return place as unknown as Place | undefined
}
