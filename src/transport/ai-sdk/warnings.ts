import type { CallWarning } from './model.ts'

/**
 * What a package could not do, in the form of the header `x-sluice-warnings`; undefined where there is nothing to tell.
 * Its settings are called as in most APIs.
 */
export function warningsText(warnings: readonly CallWarning[]): string | undefined {
  const entries = new Set<string>()
  for (const { type, feature, setting } of warnings) {
    const action = type.startsWith('unsupported') ? 'dropped' : 'changed'
    entries.add(`${fieldOf(feature ?? setting ?? 'other')};${action}`)
  }
  return entries.size === 0 ? undefined : [...entries].join(', ').slice(0, 2000)
}

const others: Readonly<Record<string, string>> = {
  maxOutputTokens: 'max_tokens',
  stopSequences: 'stop',
}

function fieldOf(name: string): string {
  const known = Object.hasOwn(others, name) ? others[name]! : name
  return known
    .replace(/[a-z](?=[A-Z])/g, '$&_')
    .toLowerCase()
    .replace(/[^\x21-\x7e]|[,;]/g, '_')
    .slice(0, 100)
}
