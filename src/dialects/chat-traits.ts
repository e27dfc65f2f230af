import type { Effort, JsonObject } from '../tokens/index.ts'

/**
 * How a server that speaks Chat Completions differs from OpenAI's own, in what it takes. All of it is data in a preset
 * or in the configuration; absent means: like OpenAI's.
 */
export interface ChatTraits {
  /**
   * The only fields of the body that it takes, in its own words; those by which a stream is asked for go out wherever one
   * is. Everything else is left out, and the client is told. Messages have a role, a content and what belongs to tools.
   */
  fields?: readonly string[]
  /** The field by which the server is left to choose a model: beside it none is named. */
  modelChoice?: string
  /** Fields of the body that it refuses or passes over. They are left out, and the client is told. */
  drops?: readonly string[]
  /** Fields that are called something else there: from OpenAI's name to the server's. */
  renames?: Readonly<Record<string, string>>
  /** Fields that it takes although not every server of the language does. */
  takes?: readonly ExtraField[]
  /** Fields that are sent where the request says nothing of them. */
  defaults?: JsonObject
  /** How many stop sequences it takes; 0: none. Default 4. */
  maxStops?: number
  /** It gives one answer to a question, never several. */
  oneChoice?: boolean
  /** Temperatures outside are moved to the border. */
  temperature?: { min?: number; max?: number }
  /** It answers only as a stream: a whole answer is made here. */
  streamOnly?: boolean
  /** False: it knows no tools. */
  tools?: false
  /** How it is told that a tool must be called, and which; false: it cannot be told. */
  toolChoice?: { required?: 'any' | false; named?: false }
  /**
   * The ids of calls that it takes. `nine`: exactly nine letters and digits. `numbered`: `functions.NAME:N`, counted
   * over the conversation. Default: up to 40 letters, digits, `_` and `-`.
   */
  callIdForm?: 'nine' | 'numbered'
  /** The result of a tool says the tool's name, too. */
  resultNames?: boolean
  /** False: it refuses the name of who speaks. */
  messageNames?: false
  /** False: content is one plain string, so there are no images, sounds or files. */
  parts?: false
  /** With `parts: false`: images and files stand in the body all the same, and are taken out of it on their way. */
  uploads?: boolean
  /** False: an answer that only called tools has an empty string for its content. */
  nullContent?: false
  /** One system message, and nowhere but at the beginning. */
  systemFirst?: boolean
  /** User and assistant take turns, the user first. */
  alternate?: boolean
  /** The field that marks a last message of the assistant as the beginning of the answer. */
  prefillMark?: 'prefix' | 'partial'
  /** The forms of JSON output that it knows. What it does not know is asked for in words. Default: both. */
  outputs?: ReadonlyArray<'json_object' | 'json_schema'>
  /** The fields by which it is told how much to reason; none: it cannot be told. Default `reasoning_effort`. */
  reasoningRequest?: readonly ReasoningWord[]
  /** Its words for the steps of an effort. A step without a word takes the next lower one that has, else the next. */
  efforts?: Readonly<Partial<Record<Effort, string>>>
  /** Calls are refused without the reasoning before them: where it is not known, `reasoningField` is an empty string. */
  reasoningRequired?: boolean
  /** Reasoning stands in the text, between tags of these names. */
  thinkTags?: readonly string[]
  /** With `thinkTags`: the first tag was opened in the prompt, so that the text begins inside it. */
  thinkOpened?: boolean
}

export type ExtraField = 'top_k' | 'strict' | 'parallel_tool_calls' | 'service_tier' | 'metadata' | 'verbosity'

export type ReasoningWord =
  | 'reasoning_effort'
  | 'reasoning'
  | 'thinking'
  | 'enable_thinking'
  | 'thinking_budget'
  | 'disable_reasoning'
  | 'prompt_mode'
