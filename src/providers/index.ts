/**
 * Whom to call, as data: address, auth, dialect, what is peculiar. Shared code never asks which provider it has; it
 * reads these fields. The scripted provider, which plays written answers, lives here too, behind a face of its own.
 */
export { defineProvider, familyOf, targetOf } from './define.ts'
export { providersFromEnvironment, withEnvironment } from './environment.ts'
export { matchesGlob } from './glob.ts'
export { faultOfGoogleCredentials } from './google-credentials-file.ts'
export { type ProviderOptions, providerOptions } from './options.ts'
export { packageKind } from './package-options.ts'
export { presets } from './presets/index.ts'
export {
  type AuthHeader,
  authHeaders,
  type Post,
  type Prepare,
  type Preset,
  type Provider,
  type Sign,
  type SignedRequest,
} from './provider.ts'
export { quirkOptions } from './quirk-options.ts'
export { hasWords, quirkWords } from './quirk-words.ts'
