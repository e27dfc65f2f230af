import type { ClientDialectName } from '../dialects/index.ts'

/** What the paths of the vendors' APIs begin with where they are no chat. */
const ofOpenai =
  /^(?:\/v1)?(\/(?:assistants|audio|batches|completions|containers|conversations|embed|embeddings|evals|files|fine_tuning|images|moderations|rerank|threads|tokenize|uploads|vector_stores|videos)(?:\/.*)?)$/s
const others: Partial<Record<ClientDialectName, RegExp>> = {
  'anthropic-messages': /^\/v1\/(?:complete|files|messages\/batches|skills)(?:\/|$)/,
  gemini:
    /^\/v1(?:alpha|beta)?\/(?:.+:[a-z][A-Za-z]+$|(?:batches|cachedContents|corpora|fileSearchStores|files)(?:\/|$))/,
  ollama: /^\/api\/(?:blobs|copy|create|delete|embed|embeddings|pull|push)(?:\/|$)/,
}

/**
 * Where a request goes that is known and not translated; undefined: it is not known either. The addresses of OpenAI and of
 * those that are like it end in `/v1`, those of the others before it.
 */
export function rawPathFor(path: string, dialect: ClientDialectName): string | undefined {
  const below = others[dialect]?.test(path) ? path : ofOpenai.exec(path)?.[1]
  return below && `/raw/<provider>${below}`
}
