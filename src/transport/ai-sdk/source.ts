/** Where a language model of the AI SDK comes from. */
export interface PackageSource {
  /** The name of the package, or the path of a file. */
  package: string
  /** The function in it that makes a provider. Default: the only one whose name begins with `create`. */
  create?: string
  /** The method of the provider that makes a model, e.g. `chat`. Default `languageModel`. */
  method?: string
  /** What the function is given. */
  options: Readonly<Record<string, unknown>>
}
