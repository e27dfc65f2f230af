/** Text in the pieces that a stream sends it in, one at a time, so that a long text is never held twice. */
export function* deltas(text: string, chunk: number | 'word' | 'whole' = 'word'): Generator<string> {
  if (text === '') return
  if (chunk === 'whole') {
    yield text
  } else if (chunk === 'word') {
    // A word takes the space before it along, as tokens of real models do.
    for (const match of text.matchAll(/\s*\S+(?:\s+$)?|\s+$/g)) yield match[0]
  } else {
    let at = 0
    while (at < text.length) {
      const end = afterCharacters(text, at, chunk)
      yield text.slice(at, end)
      at = end
    }
  }
}

/** The fragments that the arguments of a call are sent in. None is ever half a character. */
export function fragments(text: string, pieces: number | string[] = 4): string[] {
  if (typeof pieces !== 'number') return pieces
  if (text === '') return []
  const characters = [...text]
  const size = Math.ceil(characters.length / pieces)
  const out: string[] = []
  for (let at = 0; at < characters.length; at += size) out.push(characters.slice(at, at + size).join(''))
  return out
}

function afterCharacters(text: string, from: number, count: number): number {
  let at = from
  for (let left = count; left > 0 && at < text.length; left--) at += (text.codePointAt(at) ?? 0) > 0xffff ? 2 : 1
  return at
}
