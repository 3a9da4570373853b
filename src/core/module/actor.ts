/**
 * Who acts on a route. Until people can sign in, writing is by the operator alone: whoever can read the 0600 token beside
 * the data and open the Unix socket in its 0700 folder. The name is what they call themselves; the audit event says so.
 * Senders and runners are nobody here: the signature over what they send permits it, and the route looks at that.
 * `requestId` is of the request that brought them; the audit event of what they change carries it.
 */
export type Actor = { kind: 'operator'; name: string; requestId?: string } | { kind: 'anyone' }

export const ANYONE: Actor = { kind: 'anyone' }

/** How an actor is told apart from others, in one word. */
export const actorLabel = (actor: Actor): string => (actor.kind === 'operator' ? `operator:${actor.name}` : 'anyone')

/** Default deny: the operator may do everything, anyone nothing that needs a permission. */
export const permits = (actor: Actor, _permission: string): boolean => actor.kind === 'operator'
