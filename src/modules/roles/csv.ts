/**
 * Rows as CSV (RFC 4180), every cell in quotes. A cell that a spreadsheet would take for a formula gets an apostrophe
 * before it: names are chosen by the people who bear them.
 */
export function csvOf(rows: readonly (readonly string[])[]): string {
  return rows.map((row) => row.map(cell).join(',')).join('\r\n').concat('\r\n')
}

// Also behind white space and control characters, which spreadsheets skip before they look.
const FORMULA = /^[\s\p{Cc}\p{Cf}]*[=+\-@＝＋－＠|%]/u

const cell = (text: string): string => `"${(FORMULA.test(text) ? `'${text}` : text).replaceAll('"', '""')}"`
