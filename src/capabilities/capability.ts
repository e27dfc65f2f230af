/**
 * What a model at a provider can or cannot do, as far as streaming goes. Each is found out by asking for it:
 *
 * - `stream`: answers as a stream when it is asked for one;
 * - `pieces`: its stream arrives while it is written, not all at once at the end;
 * - `stream_options`: takes the wish for usage in the stream;
 * - `tool_stream`: streams where tools are offered, too;
 * - `whole`: answers in one piece when it is asked for that;
 * - `prefill`: takes a last message of the assistant as the beginning of the answer.
 */
export const capabilities = ['stream', 'pieces', 'stream_options', 'tool_stream', 'whole', 'prefill'] as const
export type Capability = (typeof capabilities)[number]

/** What has been learned, and from what. Times are milliseconds since 1970. */
export interface Lesson {
  can: boolean
  /** In one sentence, for people. It quotes no more than a few words of the provider. */
  evidence: string
  /** Since when nothing has spoken against it. */
  since: number
  /** From then on it is found out anew. Absent: somebody has pinned it, and nothing that is seen changes it. */
  until?: number
}

/** The lessons of one model. */
export type ModelLessons = Partial<Record<Capability, Lesson>>

/** One row of what is known. */
export interface LessonEntry extends Lesson {
  provider: string
  baseUrl: string
  model: string
  capability: Capability
  /** It is still used, and the next request finds out anew. */
  expired: boolean
}
