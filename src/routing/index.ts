/**
 * Which provider and model a request goes to. Pure functions over a table; nothing here calls anybody. Today this is
 * the first of three phases, *resolve*; *select* (what the request is) and *rank* (health, cost) will stand beside it.
 */
export { nearNames } from './near-names.ts'
export { type Alias, modelNames, type Route, type RoutingTable, resolve } from './resolve.ts'
