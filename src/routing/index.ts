/**
 * Which provider and model a request goes to, in three phases: *resolve* (what the name means), *select* (whether what the
 * request is calls for another one), *rank* (in which order the targets are asked). Pure functions over a table and what is
 * known of the moment; nothing here calls anybody, and every decision says why.
 */
export { defineProvider, type ProviderOptions } from '../providers/index.ts'
export { explainHeader } from './explain-header.ts'
export { explainRows } from './explain-rows.ts'
export type { ExplainedTarget, Explanation } from './explanation.ts'
export { type LiveFacts, nothingKnown, type RequestFacts } from './facts.ts'
export { type ModelTag, readModelTag, tagMarks } from './model-tag.ts'
export { nearNames } from './near-names.ts'
export { hash } from './rendezvous.ts'
export { modelNames, resolve } from './resolve.ts'
export { type Routing, route } from './route.ts'
export { usualBackground, usualThreshold } from './situations.ts'
export {
  type Alias,
  type RouteFunction,
  type RoutingTable,
  type Rule,
  type RuleConditions,
  type Situations,
  type Strategy,
  strategies,
} from './table.ts'
export type { Route } from './target.ts'
export { tokenThresholds, undecided } from './threshold.ts'
export { modelHeader, type Wanted } from './wanted.ts'
