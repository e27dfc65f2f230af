/**
 * What a package of the AI SDK exports, for each of the ways in which one may be odd. Its models say what they were asked
 * and given through the hooks in `options`.
 */
interface Options {
  version?: string
  /** The parts of a stream, one for each pull. */
  parts?: unknown[]
  onPull?: (pulled: number) => void
  onCall?: (options: Record<string, unknown>) => void
  onCreate?: (options: object) => void
  throws?: () => unknown
  result?: object
  /** The stream never ends. */
  open?: boolean
}

/** With a memory of its own, as patterns may have. */
const readable = /^https:\/\/read\.example\//g

function modelOf(options: Options, modelId: string): object {
  const { version = 'v4', parts = [], onPull, onCall, throws, result, open } = options
  const call = (given: Record<string, unknown>): void => {
    onCall?.({ ...given, modelId })
    if (throws) throw throws()
  }
  return {
    specificationVersion: version,
    supportedUrls: Promise.resolve({ 'image/*': [readable] }),
    async doGenerate(given: Record<string, unknown>) {
      call(given)
      return result
    },
    async doStream(given: Record<string, unknown>) {
      call(given)
      let pulled = 0
      const stream = new ReadableStream(
        {
          pull(controller) {
            onPull?.(pulled)
            if (pulled < parts.length) controller.enqueue(parts[pulled++])
            else if (!open) controller.close()
          },
        },
        { highWaterMark: 0 },
      )
      return { stream, response: { headers: { 'X-Request-Id': 'up_1', 'content-length': '7' } } }
    },
  }
}

export function createFake(options: Options): object {
  options.onCreate?.(options)
  return { languageModel: (id: string) => modelOf(options, id), chat: (id: string) => modelOf(options, `chat:${id}`) }
}

/** A provider that is only a function, as older ones are. */
export function createBare(options: Options): (id: string) => object {
  return (id) => modelOf(options, id)
}

export const createNothing = (): object => ({})
