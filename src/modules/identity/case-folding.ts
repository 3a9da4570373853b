// Full case folding (Unicode 16 §3.13 and CaseFolding.txt, C + F) from what the language offers: the lower case of the upper
// case. That is the folding for every letter but the few below, which case-folding.test.ts finds by asking PostgreSQL.
const TO_CHEROKEE_UPPER = { small: [0x13f8, 0x13fd, -8], later: [0xab70, 0xabbf, -0x97d0] } as const

function foldLetter(letter: string): string {
  const code = letter.codePointAt(0) ?? 0
  if (code === 0x131) return letter // ı is no i: folding it to one would let a stranger's address pass for another's
  // Cherokee folds to its capitals, which are older than its small letters (§5.18).
  if (code >= 0x13a0 && code <= 0x13f5) return letter
  for (const [from, to, by] of Object.values(TO_CHEROKEE_UPPER)) if (code >= from && code <= to) return String.fromCodePoint(code + by)
  return [...letter.toLowerCase().toUpperCase()].map((part) => part.toLowerCase()).join('')
}

/** Full case folding, letter by letter: no language's own rules, and no letter's neighbours, change the outcome. */
export const foldCase = (text: string): string => Array.from(text, foldLetter).join('')

/**
 * What stays of a text where neither case nor the way of writing it down matters: NFKC and full case folding, until nothing
 * changes any more (Unicode 16 §3.13, D146 to D147 in the composed form).
 * INVARIANT: folded(folded(text)) = folded(text).
 */
export function folded(text: string): string {
  let now = text.normalize('NFKC')
  for (;;) {
    const next = foldCase(now.normalize('NFD')).normalize('NFKC')
    if (next === now) return now
    now = next
  }
}

/** Folded, and without accents and other marks: `Émile` is found by `emile`, and stands beside it. */
export const plain = (text: string): string => folded(text).normalize('NFD').replaceAll(/\p{Mn}/gu, '').normalize('NFC')
