/** The gateway's doors: how requests reach it over HTTP. What they mean is the gateway's business. */
export { type Listening, listen } from './listen.ts'
export { NodeExchange } from './node-exchange.ts'
export { createSluice, type Sluice, type SluiceOptions } from './sluice.ts'
