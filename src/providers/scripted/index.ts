/**
 * The scripted provider: a real HTTP server that plays written streams, with delays, cuts and faults, in the languages
 * of the vendors. It stands in for a provider in tests, benches and examples, and answers when no provider is
 * configured. It makes its wire events by itself and knows no codec of `dialects`, so that those can be tested against
 * it. The guide is `docs/scripted-provider.md`.
 */
export { builtinScripts } from './builtin.ts'
export type { RequestFilter } from './counts.ts'
export type { Gate, GateOptions } from './gate.ts'
export { type Habit, habitWords, type Streaming } from './habit.ts'
export type { Bill, Charge } from './ledger.ts'
export type { ScriptedRequest } from './log.ts'
export type { ScriptedOptions } from './options.ts'
export { readScriptFile } from './read.ts'
export {
  type Fault,
  type Script,
  type ScriptFile,
  ScriptFileSchema,
  ScriptSchema,
  type Step,
  type Wire,
} from './script.ts'
export { type ScriptedServer, startScripted } from './server.ts'
export type { Upload } from './uploads.ts'
