import type { ChatRequest, UserPart } from '../../../src/tokens/index.ts'
import { pairs } from './conversation.ts'
import { turnsOf } from './read-request.ts'

/** One thing that a request says. */
export interface Facet {
  /** Undefined where the request does not say it. */
  read: (request: ChatRequest) => unknown
  /** Of the suite: where one of them is lost, this may be another one afterwards. */
  features: string[]
  /** Matches the fields that a warning about it names. */
  told?: RegExp
  /** Takes it out of a request, for clients that cannot say it. */
  without?: (request: ChatRequest) => void
}

const some = (values: unknown[]): unknown => (values.length === 0 ? undefined : values)

export const facets: Record<string, Facet> = {
  texts: {
    // Results stand between the turns in some languages and inside of them in others.
    read: (request) =>
      turnsOf(request)
        .filter(([role]) => role !== 'tool')
        .map(([role, text]) => `${role}: ${text.replaceAll(/\s/g, '')}`),
    features: [],
  },
  system: {
    read: ({ system }) => some(system.map(({ text }) => text)),
    features: [],
    // The wish for JSON is an instruction where there is no field for it.
    told: /response_format/,
  },
  calls: {
    read: (request) =>
      pairs(request).calls.map(({ name, args, results }) => [
        name,
        args,
        results.map((text) => text.replace(/^Error: /, '')),
      ]),
    features: [],
  },
  failures: {
    read: ({ messages }) =>
      some(
        messages
          .flatMap((one) => (one.role === 'tool' ? one.parts.filter(({ isError }) => isError) : []))
          .map(({ id }) => id),
      ),
    features: ['a result that is an error'],
    without: ({ messages }) => {
      for (const one of messages) if (one.role === 'tool') for (const part of one.parts) delete part.isError
    },
  },
  images: {
    read: ({ messages }) =>
      some(
        messages.flatMap(({ parts }) =>
          (parts as UserPart[]).flatMap((part) => (part.type === 'image' ? [JSON.stringify(part.source)] : [])),
        ),
      ),
    features: [],
  },
  marks: {
    read: ({ messages }) =>
      messages.flatMap(({ parts }) => parts as UserPart[]).filter((part) => 'cache' in part && part.cache).length ||
      undefined,
    features: ['marks behind which the prompt is cached'],
    without: ({ messages }) => {
      for (const { parts } of messages) for (const part of parts as UserPart[]) if ('cache' in part) delete part.cache
    },
  },
  tools: {
    read: ({ tools, toolChoice }) =>
      // Where no tool may be called, none need be offered.
      toolChoice?.mode === 'none'
        ? undefined
        : some(
            tools.map((tool) =>
              tool.kind === 'function' ? [tool.name, tool.description, tool.parameters?.properties] : [tool.name],
            ),
          ),
    features: [],
    told: /tool_choice/,
  },
  toolChoice: {
    read: ({ toolChoice }) => {
      if (toolChoice === undefined || toolChoice.mode === 'auto' || toolChoice.mode === 'none') return undefined
      return toolChoice.mode === 'one' ? toolChoice.name : toolChoice.mode
    },
    features: ['some tool must be called', 'this tool must be called'],
    told: /tool_choice/,
    without: (request) => {
      delete request.toolChoice
    },
  },
  parallelToolCalls: {
    ...field('parallelToolCalls', ['one call at a time'], /parallel/),
    // Of no calls none are parallel.
    read: ({ toolChoice, parallelToolCalls }) => (toolChoice?.mode === 'none' ? undefined : parallelToolCalls),
  },
  maxOutput: field('maxOutput', ['its longest'], /max_tokens|max_output|max_completion|maxOutput|num_predict/),
  stop: field('stop', ['stop sequences'], /stop/),
  choices: field('choices', ['several answers'], /^n$|candidateCount/),
  output: {
    read: ({ output }) => (output?.type === 'json-schema' ? output.schema.properties : output?.type),
    features: ['any JSON', 'JSON of a schema'],
    told: /response_format|format|schema/i,
    without: (request) => {
      if (request.output?.type === 'json') delete request.output
    },
  },
  effort: {
    read: ({ reasoning }) => (reasoning?.budget === undefined ? reasoning?.effort : undefined),
    features: ['how much to think, as a step', 'how much to think, in tokens'],
    told: /reasoning|think|effort/i,
  },
  budget: {
    read: ({ reasoning }) => reasoning?.budget,
    features: ['how much to think, in tokens', 'how much to think, as a step'],
    told: /reasoning|think|budget/i,
    without: (request) => {
      if (request.reasoning?.budget !== undefined) delete request.reasoning
    },
  },
  verbosity: field('verbosity', ['how wordy'], /verbosity/),
  user: field('user', ['the end user'], /user/),
  metadata: field('metadata', ['metadata'], /metadata/),
  serviceTier: field('serviceTier', ['the tier of service'], /tier/),
  temperature: knob('temperature', ['temperature over 1', 'temperature'], /temperature/),
  topP: knob('topP', ['top-p'], /top_?p/i),
  topK: knob('topK', ['top-k'], /top_?k/i),
  seed: knob('seed', ['seed'], /seed/),
  presencePenalty: knob('presencePenalty', ['penalties'], /presence/),
  frequencyPenalty: knob('frequencyPenalty', ['penalties'], /frequency/),
  logprobs: knob('logprobs', ['log-probabilities, asked for'], /logprobs/i),
}

function field(name: keyof ChatRequest, features: string[], told: RegExp): Facet {
  return {
    read: (request) => request[name],
    features,
    told,
    without: (request) => {
      delete (request as Partial<ChatRequest>)[name]
    },
  }
}

function knob(name: keyof ChatRequest['sampling'], features: string[], told: RegExp): Facet {
  return {
    read: ({ sampling }) => sampling[name],
    features,
    told,
    without: ({ sampling }) => {
      delete sampling[name]
    },
  }
}
