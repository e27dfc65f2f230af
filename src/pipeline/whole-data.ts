/**
 * Whether the data of a last event whose blank line is missing is all there. A torn one is a truncation of the stream,
 * and no event that is wrong.
 */
export function isWholeData(data: string): boolean {
  if (data === '[DONE]') return true
  try {
    JSON.parse(data)
    return true
  } catch {
    return false
  }
}
