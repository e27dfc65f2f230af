/** Up to three names that somebody who wrote `name` may have meant, nearest first. */
export function nearNames(name: string, known: readonly string[]): string[] {
  const wanted = name.slice(0, 100).toLowerCase()
  const limit = Math.max(2, Math.floor(wanted.length / 3))
  return known
    .map((one) => ({ one, distance: nearness(wanted, one.toLowerCase()) }))
    .filter(({ distance }) => distance <= limit)
    .sort((a, b) => a.distance - b.distance)
    .slice(0, 3)
    .map(({ one }) => one)
}

// A missing provider prefix is the commonest slip and counts as near.
function nearness(wanted: string, known: string): number {
  const bare = known.slice(known.indexOf('/') + 1)
  return Math.min(editDistance(wanted, known), 1 + editDistance(wanted, bare))
}

/** Insertions, deletions and replacements between two short texts (Levenshtein). */
function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, i) => i)
  for (let i = 1; i <= a.length; i++) {
    const next = [i]
    for (let j = 1; j <= b.length; j++) {
      const replaced = row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1)
      next.push(Math.min(replaced, row[j]! + 1, next[j - 1]! + 1))
    }
    row = next
  }
  return row[b.length]!
}
