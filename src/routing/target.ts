import type { Provider } from '../providers/index.ts'

/** Where a request goes. */
export interface Route {
  provider: Provider
  /** The model's name at the provider. */
  model: string
}
