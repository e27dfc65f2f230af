/**
 * Going on with an answer that broke off: what was delivered, the request for the rest, and how the two are made one.
 */
export { type ContinueOptions, continueRequest } from './continue-request.ts'
export { Delivered, type DeliveredOptions, type OpenBlock } from './delivered.ts'
export { Overlap } from './overlap.ts'
export { Stitch } from './stitch.ts'
