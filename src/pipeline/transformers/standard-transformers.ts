import type { ChainedTransformer, TransformContext, Transformer } from '../chain/transformer.ts'
import { cacheMarkers } from '../request-transformers/cache-markers.ts'
import { clampMaxTokens } from '../request-transformers/clamp-max-tokens.ts'
import { cleanToolSchemas } from '../request-transformers/clean-tool-schemas.ts'
import { dropFields } from '../request-transformers/drop-fields.ts'
import { reasoningEffort } from '../request-transformers/reasoning-effort.ts'
import { renameFields } from '../request-transformers/rename-fields.ts'
import { systemText } from '../request-transformers/system-text.ts'
import type { StreamTransformer } from '../transformer.ts'
import { ContentFilter, type ContentFilterOptions } from './content-filter.ts'
import { DeltaPacing, type DeltaPacingOptions } from './delta-pacing.ts'
import { DeltaSmoothing, type DeltaSmoothingOptions } from './delta-smoothing.ts'
import { FieldRenaming, type FieldRenamingOptions } from './field-renaming.ts'
import { MaxTokens, type MaxTokensOptions } from './max-tokens.ts'
import { type OptionRow, type OptionRows, readOptions } from './read-options.ts'
import { Redaction, type RedactionOptions } from './redaction.ts'
import { StopSequences, type StopSequencesOptions } from './stop-sequences.ts'
import { TextReplacement, type TextReplacementOptions } from './text-replacement.ts'
import { ThinkExtraction, type ThinkExtractionOptions } from './think-extraction.ts'
import { TokenAccumulator, type TokenAccumulatorOptions } from './token-accumulator.ts'
import { ToolCallRepair } from './tool-call-repair.ts'
import { UsageEstimation, type UsageEstimationOptions } from './usage-estimation.ts'

type Given = Readonly<Record<string, unknown>>

/** A transformer that has a name: what it is for, and how it is made of options as a configuration holds them. */
export interface NamedTransformer {
  readonly name: string
  /** What it does, in a line. */
  readonly means: string
  /** What it works on. */
  readonly on: readonly ('requests' | 'answers')[]
  readonly options: Readonly<Record<string, OptionRow>>
  /** @throws SluiceError `config_invalid` */
  make(options: Given): Transformer
}

type Row = Omit<NamedTransformer, 'name'>

const where: OptionRow = { shape: 'where', means: 'In what it looks; by default in what is said only.' }
const ignoreCase: OptionRow = { shape: 'switch', means: 'Capital letters are taken for small ones.' }

const rows: Readonly<Record<string, Row>> = {
  'cache-markers': onRequests(cacheMarkers, 'Marks behind which the vendor caches the prompt.', {
    system: { shape: 'switch', means: 'Behind the instructions. Default true.' },
    tools: { shape: 'switch', means: 'Behind the tools. Default true.' },
    turns: { shape: 'number', means: 'Behind so many of the last turns. Default 2.' },
    ttl: { shape: 'text', means: 'How long: `5m`, `30m`, `1h`, `12h`.' },
  }),
  'clamp-max-tokens': onRequests(clampMaxTokens, 'Lowers a ceiling of the answer that the model does not take.', {
    most: { shape: 'number', means: 'The most tokens. Default: what is known of the model.' },
    missing: { shape: 'switch', means: 'Set it also where the client names none.' },
  }),
  'clean-tool-schemas': onRequests(cleanToolSchemas, 'Leaves keywords out of the schemas of tools.', {
    keywords: { shape: 'list', means: 'Which. Default: notes for readers, such as `$schema`.' },
  }),
  'content-filter': onAnswers(
    (options: ContentFilterOptions) => new ContentFilter(options),
    'Looks for texts in the answer.',
    {
      patterns: { shape: 'patterns', means: 'What is looked for.', required: true },
      action: {
        shape: 'text',
        means: '`replace` it (the default), `drop` it, `end` the answer before it, or `error`.',
      },
      replacement: { shape: 'text', means: 'What stands in its place. Default `***`.' },
      ignoreCase,
      where,
      choices: { shape: 'number', means: 'How many answers a stream has. Default: as the request says.' },
    },
  ),
  'delta-pacing': waiting(
    (options: DeltaPacingOptions) => new DeltaPacing(options),
    'Lets text go on at an even pace.',
    {
      perSecond: { shape: 'number', means: 'The most deltas in a second. Default 60.' },
    },
  ),
  'delta-smoothing': onAnswers(
    (options: DeltaSmoothingOptions) => new DeltaSmoothing(options),
    'Cuts and joins text to an even size.',
    {
      over: { shape: 'number', means: 'Longer ones are cut into words. Default 24.' },
      longest: { shape: 'number', means: 'The longest piece of a text without spaces. Default 12.' },
      join: { shape: 'number', means: 'Shorter ones wait for the next. Default 0.' },
    },
  ),
  'drop-fields': onRequests(dropFields, 'Leaves fields of the request out.', {
    fields: { shape: 'list', means: 'Their names.', required: true },
  }),
  'field-renaming': onAnswers(
    (options: FieldRenamingOptions) => new FieldRenaming(options),
    'Other names for fields and tools of answers.',
    {
      metadata: { shape: 'texts', means: 'Old names to new ones.' },
      meta: { shape: 'texts', means: 'The same of what a dialect says of a block.' },
      tools: { shape: 'texts', means: 'The same of tools in calls.' },
      reverse: { shape: 'switch', means: 'From new names to old ones instead.' },
    },
  ),
  'max-tokens': onAnswers(
    (options: MaxTokensOptions) => new MaxTokens(options),
    'Ends an answer that grows too long.',
    {
      tokens: { shape: 'number', means: 'The most tokens, estimated.' },
      characters: { shape: 'number', means: 'The most characters.' },
      choices: { shape: 'number', means: 'How many answers a stream has. Default: as the request says.' },
    },
  ),
  'reasoning-effort': onRequests(reasoningEffort, 'Maps how much the model is told to think.', {
    map: { shape: 'texts', means: 'Steps to other steps, or to `off`.' },
    missing: { shape: 'text', means: 'The step for clients that name none.' },
  }),
  redaction: onAnswers(
    (options: RedactionOptions) => new Redaction(options),
    'Takes personal data and secrets out of the answer.',
    {
      kinds: { shape: 'list', means: 'Which kinds. Default: all that are known.' },
      own: { shape: 'named patterns', means: 'Kinds of your own.' },
      where,
    },
  ),
  'rename-fields': {
    ...onRequests(renameFields, 'Other names for fields and tools of requests; answers get the old ones back.', {
      fields: { shape: 'texts', means: "Fields that only the client's dialect has: old names to new ones." },
      metadata: { shape: 'texts', means: 'The same of `metadata`.' },
      tools: { shape: 'texts', means: 'The same of tools.' },
    }),
    on: ['requests', 'answers'],
  },
  'stop-sequences': onAnswers(
    (options: StopSequencesOptions) => new StopSequences(options),
    'Ends the answer at certain texts.',
    {
      sequences: { shape: 'list', means: 'The texts.', required: true },
      choices: { shape: 'number', means: 'How many answers a stream has. Default: as the request says.' },
    },
  ),
  'system-text': onRequests(systemText, 'Adds to the instructions, or moves them.', {
    before: { shape: 'text', means: "Stands before the client's own." },
    after: { shape: 'text', means: 'Stands behind them.' },
    toUser: { shape: 'switch', means: 'All of them go to the beginning of the first user turn.' },
  }),
  'text-replacement': onAnswers(
    (options: TextReplacementOptions) => new TextReplacement(options),
    'Replaces texts of the answer by others.',
    {
      replace: { shape: 'texts', means: 'What, and by what.', required: true },
      ignoreCase,
      where,
    },
  ),
  'think-extraction': onAnswers(
    (options: ThinkExtractionOptions) => new ThinkExtraction(options),
    'Makes reasoning of `<think>` in a text.',
    {
      tags: { shape: 'list', means: 'The names of the tags. Default `think`.' },
      anywhere: { shape: 'switch', means: 'Also behind other text, and more than once.' },
      opened: { shape: 'switch', means: 'The text begins inside the first tag.' },
    },
  ),
  'token-accumulator': onAnswers(
    (options: TokenAccumulatorOptions) => new TokenAccumulator(options),
    'Reads the answer along; for programs.',
    {
      maxCharacters: { shape: 'number', means: 'The most text that is kept. Default 1,048,576.' },
    },
  ),
  'tool-call-repair': onAnswers(() => new ToolCallRepair(), 'Mends arguments of calls that do not parse.', {}),
  'usage-estimation': onAnswers(
    (options: UsageEstimationOptions) => new UsageEstimation(options),
    'Estimates usage that nobody reports.',
    {
      input: { shape: 'number', means: 'The size of the prompt, in tokens.' },
    },
  ),
}

/** Those that sluice brings, by name, in the order of the alphabet. */
export const standardTransformers: readonly NamedTransformer[] = Object.entries(rows).map(([name, row]) => ({
  name,
  ...row,
}))

function onRequests<Options extends object>(
  make: (options: Options) => Transformer,
  means: string,
  options: OptionRows<Options>,
): Row {
  return {
    means,
    on: ['requests'],
    options: options as Row['options'],
    make: (given) => make(readOptions(given, options)),
  }
}

function onAnswers<Options extends object>(
  make: (options: Options) => StreamTransformer,
  means: string,
  options: OptionRows<Options>,
): Row {
  return {
    means,
    on: ['answers'],
    options: options as Row['options'],
    make(given) {
      const read = readOptions(given, options)
      // Made once for nothing, so that options that cannot be used are told of now.
      const { name } = make(read)
      const counts = Object.hasOwn(options, 'choices') && !Object.hasOwn(read, 'choices')
      return { name, tokens: (context) => make(counts ? counted(read, context) : read) }
    },
  }
}

/** What is made out of options is kept by their object, so nearly every request has the same one. */
function counted<Options extends object>(options: Options, { choices }: TransformContext): Options {
  return choices === 1 ? options : { ...options, choices }
}

function waiting<Options extends object>(
  make: (options: Options) => Extract<ChainedTransformer, { async: true }>,
  means: string,
  options: OptionRows<Options>,
): Row {
  return {
    means,
    on: ['answers'],
    options: options as Row['options'],
    make(given) {
      const read = readOptions(given, options)
      const { name } = make(read)
      return { name, tokens: () => make(read) }
    },
  }
}
