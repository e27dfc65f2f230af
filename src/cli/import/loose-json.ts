import { parse } from 'yaml'
import type { Json } from '../../tokens/index.ts'

/** JSON as people write it by hand: with comments, and commas behind the last item. */
export function parseLooseJson(text: string): Json {
  return parse(withoutComments(text)) as Json
}

/** Comments as blanks, since in a text two slashes are only two slashes. */
function withoutComments(text: string): string {
  return (
    text
      .replace(/^\uFEFF/, '')
      .replaceAll(/"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|\/\/[^\n]*|\/\*[\s\S]*?\*\//g, (found) =>
        found.startsWith('/') ? ' ' : found,
      )
      // YAML takes no tabs in front of a line.
      .replaceAll(/^\t+/gm, (tabs) => '  '.repeat(tabs.length))
  )
}
