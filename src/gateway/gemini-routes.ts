import type { Found, Row } from './route-row.ts'

const versions = ['v1beta', 'v1', 'v1alpha']

/**
 * The paths of the Gemini API: what is asked of a model stands behind its name, and the version before it says little, so
 * all are taken.
 */
export const geminiRoutes: Record<string, Row> = Object.fromEntries(
  versions.flatMap((version) => [
    // The longer one first. Of a name with a slash in it some SDKs take all for the path, as of `tunedModels/x`.
    ...methods(`/${version}/models/{model}`),
    ...methods(`/${version}/{model}`),
    // Of the version that other APIs have as well, the caller's headers tell whose list is meant.
    ...(version === 'v1' ? [] : lists(`/${version}/models`)),
  ]),
)

function methods(path: string): Array<[string, Row]> {
  const row = (operation: Row['operation'], ask: (found: Found) => object): Row => ({
    method: 'POST',
    operation,
    dialect: 'gemini',
    ask: (found) => ({ model: (found.model ?? '').replace(/^models\//, ''), ...ask(found) }),
  })
  return [
    [`${path}:generateContent`, row('chat', () => ({ stream: false }))],
    [
      `${path}:streamGenerateContent`,
      // Without a word on how, a stream is one JSON array.
      row('chat', ({ query }) => ({ stream: true, ...(query.get('alt') !== 'sse' && { form: 'array' }) })),
    ],
    [`${path}:countTokens`, row('count', () => ({}))],
  ]
}

function lists(path: string): Array<[string, Row]> {
  const row: Row = { method: 'GET', operation: 'models', dialect: 'gemini' }
  return [
    [path, row],
    [`${path}/{model}`, row],
  ]
}
