import { z } from 'zod'
import { VouchsafeError } from '#core/errors'

/** Query of every listing: `limit` items after `cursor`, which is opaque to the caller. */
export const PageQuery = z.object({
  limit: z.coerce.number().int().min(1).max(200).default(50).describe('How many items, 1 to 200.'),
  cursor: z.string().max(200).optional().describe('From the `next` of the page before.'),
})

export const pageOf = <T extends z.ZodType>(item: T) => z.object({ items: z.array(item), next: z.string().nullable() })

/** Cuts a page out of a list whose order does not change between calls. `keyOf` names an item within the list. */
export function cut<T>(items: readonly T[], query: { limit: number; cursor?: string | undefined }, keyOf: (item: T) => string): { items: T[]; next: string | null } {
  let from = 0
  if (query.cursor !== undefined) {
    const key = Buffer.from(query.cursor, 'base64url').toString()
    from = items.findIndex((item) => keyOf(item) === key) + 1
    if (from === 0) throw new VouchsafeError('bad-input', 'This cursor does not belong to this list, or its item is gone.', { mend: 'Start again without a cursor.' })
  }
  const page = items.slice(from, from + query.limit)
  const last = page.at(-1)
  return { items: page, next: last !== undefined && from + page.length < items.length ? Buffer.from(keyOf(last)).toString('base64url') : null }
}
