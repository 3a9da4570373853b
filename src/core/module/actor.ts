/**
 * Who acts. Until people can sign in, writing is by the operator alone: whoever can read the 0600 token beside the
 * data, or open the Unix socket in its 0700 folder. The name is what they call themselves; the audit event says so.
 */
export type Actor =
  | { kind: 'operator'; name: string }
  | { kind: 'sender'; id: string }
  | { kind: 'system'; name: string }
  | { kind: 'anyone' }

export const SYSTEM: Actor = { kind: 'system', name: 'vouchsafe' }
export const ANYONE: Actor = { kind: 'anyone' }

/** How an actor is written into an audit event. */
export function actorLabel(actor: Actor): string {
  switch (actor.kind) {
    case 'operator':
      return `operator:${actor.name}`
    case 'sender':
      return `sender:${actor.id}`
    case 'system':
      return `system:${actor.name}`
    case 'anyone':
      return 'anyone'
  }
}

/** Default deny: the operator may do everything, a sender only what senders are for, anyone nothing that needs a permission. */
export function permits(actor: Actor, permission: string): boolean {
  switch (actor.kind) {
    case 'operator':
    case 'system':
      return true
    case 'sender':
      return permission === 'observation.push'
    case 'anyone':
      return false
  }
}
