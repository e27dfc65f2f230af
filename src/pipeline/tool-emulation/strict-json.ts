/**
 * A text as JSON, or undefined. Two faults of models are mended, since there is one thing only that they can mean: line
 * breaks and the like that stand in a string as they are, and a comma before a closing bracket. Nothing that is missing
 * is ever made up.
 */
export function strictJson(text: string): string | undefined {
  if (isJson(text)) return text
  const mended = mend(text)
  return mended !== text && isJson(mended) ? mended : undefined
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}

/** A string, or a comma before a closing bracket. */
const stringOrComma = /"[^"\\]*(?:\\[\s\S][^"\\]*)*"|,(?=\s*[\]}])/g
const control = /[\u0000-\u001f]/g

function mend(text: string): string {
  return text.replace(stringOrComma, (found) =>
    found === ',' ? '' : found.replace(control, (char) => JSON.stringify(char).slice(1, -1)),
  )
}

/** The members of an object, each value as it is written, so that no digit of a number is lost. */
export function membersOf(object: string): Map<string, string> {
  const members = new Map<string, string>()
  for (const member of elementsOf(object)) {
    const key = /^"[^"\\]*(?:\\[\s\S][^"\\]*)*"/.exec(member)?.[0] ?? '""'
    members.set(JSON.parse(key) as string, member.slice(member.indexOf(':', key.length) + 1).trim())
  }
  return members
}

/** What stands between the outermost brackets of a JSON text, split at its commas. */
export function elementsOf(json: string): string[] {
  const elements: string[] = []
  let depth = 0
  let from = 0
  let inString = false
  for (let at = 0; at < json.length; at++) {
    const char = json[at]
    if (inString) {
      if (char === '\\') at++
      else if (char === '"') inString = false
    } else if (char === '"') inString = true
    else if (char === '{' || char === '[') {
      if (depth++ === 0) from = at + 1
    } else if (char === '}' || char === ']') {
      if (--depth === 0 && json.slice(from, at).trim() !== '') elements.push(json.slice(from, at).trim())
    } else if (char === ',' && depth === 1) {
      elements.push(json.slice(from, at).trim())
      from = at + 1
    }
  }
  return elements
}
