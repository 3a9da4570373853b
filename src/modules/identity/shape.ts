import { z } from 'zod'

/** Shapes of what the API takes and gives, where several routes share them. */

export const PageQuery = z.object({
  limit: z.coerce.number().int().min(1).max(200).default(50).describe('How many items, 1 to 200.'),
  cursor: z.string().max(2000).optional().describe('From the `next` of the page before.'),
})
export const pageOf = <T extends z.ZodType>(item: T) => z.object({ items: z.array(item), next: z.string().nullable() })

/** Fields that may not be read, or that are empty, are left out. */
export const PersonOut = z.object({
  id: z.string().optional(),
  kind: z.enum(['person', 'service']).optional(),
  displayName: z.string().optional(),
  email: z.string().optional(),
  title: z.string().optional(),
  state: z.enum(['invited', 'active', 'deactivated']).optional(),
  managedBy: z.string().optional(),
  externalId: z.string().optional(),
  createdAt: z.string().optional(),
  changedAt: z.string().optional(),
  deactivatedAt: z.string().optional(),
  deactivatedWhy: z.string().optional(),
})

export const GroupOut = z.object({
  id: z.string().optional(),
  name: z.string().optional(),
  description: z.string().optional(),
  managedBy: z.string().optional(),
  externalId: z.string().optional(),
  createdAt: z.string().optional(),
  changedAt: z.string().optional(),
  /** Of those whom the asker may see. */
  members: z.number().optional(),
})
export const MemberOut = PersonOut.omit({ id: true, managedBy: true }).extend({ person: z.string().optional(), managedBy: z.string().optional(), since: z.string().optional() })

export const InvitationOut = z.object({
  id: z.string().optional(),
  person: z.string().optional(),
  displayName: z.string().optional(),
  email: z.string().optional(),
  madeBy: z.string().optional(),
  madeAt: z.string().optional(),
  expiresAt: z.string().optional(),
  endedAt: z.string().optional(),
  endedHow: z.enum(['accepted', 'revoked', 'replaced']).optional(),
})
