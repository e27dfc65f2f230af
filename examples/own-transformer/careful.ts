import { defineTransformer } from 'sluice'

/** Asks for care, and says which model did not use capital letters. */
export default ({ word }: { word: string }) =>
  defineTransformer({
    name: 'careful',
    request: (request) => ({ ...request, system: [...request.system, { type: 'text', text: `Please be ${word}.` }] }),
    tokens: ({ provider, model }) => ({
      name: 'careful',
      transform(token) {
        if (token.type === 'text-delta') {
          return { action: 'replace', tokens: [{ ...token, text: token.text.toUpperCase() }] }
        }
        if (token.type !== 'text-end') return { action: 'pass' }
        const { choice, index } = token
        const note = ` (loudly, for ${provider}/${model})`
        return { action: 'replace', tokens: [{ type: 'text-delta', choice, index, text: note }, token] }
      },
    }),
  })
