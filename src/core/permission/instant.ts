// RFC 3339 §5.6, to the millisecond, which is what a Date holds.
const FORM = /^(\d{4})-(\d\d)-(\d\d)T(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d(?:\.\d{1,3})?(?:Z|[+-](?:[01]\d|2[0-3]):[0-5]\d)$/

/** An instant as rules write it (`2026-11-22T21:00:00Z`), from the year 1 to 9999 in UTC, which PostgreSQL can read as well; undefined for anything else. */
export function parseInstant(text: string): Date | undefined {
  const [, year, month, day] = FORM.exec(text) ?? []
  if (year === undefined || Number(month) < 1 || Number(month) > 12 || Number(day) < 1) return undefined
  if (Number(day) > new Date(Date.UTC(2000 + (Number(year) % 400), Number(month), 0)).getUTCDate()) return undefined
  const at = new Date(text)
  return at.getUTCFullYear() >= 1 && at.getUTCFullYear() <= 9999 ? at : undefined
}
