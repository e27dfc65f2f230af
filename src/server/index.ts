/** The gateway's doors: how requests reach it over HTTP. What they mean is the gateway's business. */
export { createSluice, type Sluice, type SluiceOptions } from './sluice.ts'
