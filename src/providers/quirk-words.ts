import type { Traits } from '../dialects/index.ts'
import type { Preset, Provider } from './provider.ts'

type Words = { [K in keyof Traits]?: (value: NonNullable<Traits[K]>) => string }

const list = (names: readonly string[]): string => names.map((name) => `\`${name}\``).join(', ')
const plain = (text: string) => (): string => text
/** For what is either so or not. */
const either = (yes: string, no: string) => (value: boolean | string | number) => (value === false ? no : yes)

const makers = { anthropic: 'Claude', nova: 'Nova', openai: 'OpenAI' } as const

/** What each trait means for who calls, in a few words. A trait without words here is not told. */
const words: Words = {
  maxTokensField: (field) => `takes the ceiling as \`${field}\``,
  openaiExtras: either("takes all of OpenAI's own fields", "takes none of OpenAI's own fields"),
  streamUsage: either('takes `stream_options`', 'takes no `stream_options`'),
  streams: either('streams', 'is asked for whole answers, which are streamed here'),
  fields: (names) => `takes ${list(names)} and no other field`,
  modelChoice: (field) => `chooses the model itself where \`${field}\` is sent`,
  drops: (fields) => `refuses ${list(fields)}`,
  renames: (names) =>
    Object.entries(names)
      .map(([from, to]) => `calls \`${from}\` \`${to}\``)
      .join(', '),
  takes: (fields) => `takes ${list(fields)}`,
  defaults: (fields) =>
    `is sent ${Object.entries(fields)
      .map(([key, value]) => `\`${key}: ${String(value)}\``)
      .join(', ')}`,
  maxStops: (most) => (most === 0 ? 'takes no stop sequences' : `takes ${most} stop sequence${most === 1 ? '' : 's'}`),
  localStops: either('has its answers cut at stop sequences here', 'is told of stop sequences'),
  oneChoice: plain('gives one answer'),
  temperature: ({ min, max }) =>
    `takes a temperature ${[min === undefined ? '' : `from ${min}`, max === undefined ? '' : `up to ${max}`].filter(Boolean).join(' ')}`,
  sampling: (value) =>
    value === 'one'
      ? 'takes a temperature or a top_p'
      : value
        ? 'takes sampling settings'
        : 'takes no sampling settings',
  streamOnly: plain('answers only as a stream'),
  tools: plain('knows no tools'),
  emulateTools: either('is told of tools in words', 'is not told of tools in words'),
  toolChoice: ({ required, named }) =>
    [
      required === false
        ? 'cannot be told to call a tool'
        : required === undefined
          ? ''
          : `is told \`${required}\` for a call`,
      named === false ? 'cannot be told which tool' : '',
    ]
      .filter((text) => text !== '')
      .join(', '),
  callIdForm: (form) => (form === 'nine' ? 'takes ids of nine letters and digits' : 'takes ids as `functions.NAME:N`'),
  resultNames: plain("wants the tool's name with a result"),
  messageNames: plain('takes no names of speakers'),
  parts: plain('reads text only'),
  uploads: either('is sent images and files by upload', 'reads text only'),
  nullContent: plain('wants an empty string for no content'),
  systemFirst: plain('takes one system message, at the beginning'),
  alternate: plain('wants user and assistant to take turns'),
  prefill: either('goes on from a beginning', 'does not go on from a beginning'),
  prefillMark: (field) => `marks the beginning of an answer \`${field}\``,
  outputs: (forms) => (forms.length === 0 ? 'knows no JSON output' : `knows JSON output as ${list(forms)} only`),
  reasoningField: (field) => `takes reasoning back in \`${field}\``,
  reasoningRequired: plain('wants reasoning back with the calls'),
  reasoningRequest: (fields) =>
    fields.length === 0 ? 'cannot be told how much to reason' : `is told how much to reason in ${list(fields)}`,
  efforts: (known) => `knows the efforts ${list(Object.values(known))}`,
  thinkTags: (tags) => `writes its reasoning into the text, between ${list(tags.map((tag) => `<${tag}>`))}`,
  thinkOpened: plain('begins inside the tag'),
  cacheField: (field) => `takes marks for its cache in \`${field}\``,
  bodyVersion: (version) => `is told its version as \`${version}\`, in the body`,
  streamInPath: plain('is told in the path whether to stream'),
  midSystem: plain('takes system messages in the middle'),
  thinking: (form) => `is told to think by ${form}`,
  nativeFields: (whose) => `is told how much to think in the words of ${makers[whose]}`,
  cachePoints: either('keeps a cache', 'keeps no cache'),
  thinkingRange: ([least, most]) => `thinks with ${least} to ${most} tokens`,
  functionIds: either('takes ids of calls', 'takes no ids of calls'),
  wholeArguments: either('is believed the whole arguments of a call only', 'is believed every piece of arguments'),
  signedCalls: plain('wants calls signed'),
  cost: ({ at, unit }) => `says the cost in \`${at}\`, in ${unit}`,
  maxOutput: (most) => `answers with at most ${most} tokens`,
}

/** What is peculiar about a set of traits, a few words each. */
export function traitWords(traits: Traits): string[] {
  const order = Object.keys(words) as (keyof Traits)[]
  return order.flatMap((trait) => {
    const value = traits[trait]
    const say = words[trait] as ((value: unknown) => string) | undefined
    return value === undefined || !say ? [] : [say(value)]
  })
}

/** Whether there are words for a trait. */
export function hasWords(trait: string): boolean {
  return Object.hasOwn(words, trait)
}

/** What is peculiar about a provider: of all its models, then of some. */
export function quirkWords({
  normalise,
  traits,
  modelTraits,
}: Pick<Preset | Provider, 'normalise' | 'traits' | 'modelTraits'>): string[] {
  const general = [...(normalise ? ['streams with an accent'] : []), ...traitWords(traits ?? {})]
  // Models of which the same is said are named together.
  const special = new Map<string, string[]>()
  for (const { models, traits: some } of modelTraits ?? []) {
    const said = traitWords(some).join(', ')
    if (said === '') continue
    if (models === '*') general.push(said)
    else special.set(said, [...(special.get(said) ?? []), models])
  }
  return [...general, ...[...special].map(([said, models]) => `${list(models)} ${said}`)]
}
