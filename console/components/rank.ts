/**
 * Those whose words begin with what was typed, best first: every typed word must begin a word of the entry; an entry that
 * begins with the whole of it comes first. Ties keep their order.
 */
export function rank<T>(entries: readonly T[], typed: string, textOf: (entry: T) => string): T[] {
  const wanted = words(typed)
  if (wanted.length === 0) return [...entries]
  return entries
    .flatMap((entry, order) => {
      const text = textOf(entry).toLocaleLowerCase('en')
      const there = words(text)
      if (!wanted.every((word) => there.some((other) => other.startsWith(word)))) return []
      return [{ entry, order, score: text.startsWith(typed.trim().toLocaleLowerCase('en')) ? 0 : there[0]?.startsWith(wanted[0] as string) ? 1 : 2 }]
    })
    .sort((a, b) => a.score - b.score || a.order - b.order)
    .map(({ entry }) => entry)
}

const words = (text: string): string[] => text.toLocaleLowerCase('en').split(/[^\p{L}\p{N}]+/u).filter(Boolean)
