/** What a web page or a plain text says, as one short line: some proxy's answer where an API's error was expected. */
export function oneLine(text: string): string {
  return text
    .slice(0, 4000)
    .replace(/<(script|style)[\s\S]*?<\/\1>/gi, ' ')
    .replace(/<[^>]*>/g, ' ')
    .replace(/\s+/g, ' ')
    .trim()
    .slice(0, 500)
}
