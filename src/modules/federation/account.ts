import type { Person } from '#modules/identity'
import type { Purpose } from './begun.ts'
import type { Reason } from './refusal.ts'
import type { Vouched } from './vouched.ts'

/** What is known when somebody comes back from a provider. */
export interface Situation {
  purpose: Purpose['kind']
  /** Person that this very account is linked to. */
  linked: Pick<Person, 'id' | 'state'> | undefined
  /** Who adds it, or is invited. */
  wants?: Pick<Person, 'id' | 'state'> | undefined
  vouched: Pick<Vouched, 'email' | 'unverifiedEmail' | 'displayName'>
  /** Domains for whose addresses people are created. */
  createFor: readonly string[]
  /** Whether somebody here has the vouched address, in any spelling. */
  addressIsTaken: boolean
}

export type Outcome =
  | { kind: 'admit'; person: string }
  | { kind: 'link'; person: string; how: 'link' | 'invitation' }
  | { kind: 'create'; displayName: string; email: string }
  | { kind: 'refuse'; reason: Reason }

/**
 * Who somebody from a provider is here.
 * INVARIANT: an address never leads to a person. It decides whether somebody new is created, and nothing else: whoever
 * holds an address at some provider is not thereby whoever has it here.
 */
export function whoIs({ purpose, linked, wants, vouched, createFor, addressIsTaken }: Situation): Outcome {
  if (purpose !== 'sign-in') {
    if (wants === undefined) return refuse(purpose === 'link' ? 'signed-out' : 'invitation-over')
    if (linked !== undefined && linked.id !== wants.id) return refuse('already-linked')
    if (purpose === 'link' && wants.state !== 'active') return refuse('not-active')
    return { kind: 'link', person: wants.id, how: purpose }
  }
  // Invited is not yet active: the link of the invitation is what shows that it reached them.
  if (linked !== undefined) return linked.state === 'active' ? { kind: 'admit', person: linked.id } : refuse('not-active')
  if (createFor.length === 0) return refuse('no-account')
  if (vouched.email === undefined) return refuse('no-address')
  if (!createFor.includes(domainOf(vouched.email))) return refuse('address-not-allowed')
  if (addressIsTaken) return refuse('address-taken')
  return { kind: 'create', displayName: vouched.displayName ?? vouched.email, email: vouched.email }
}

const refuse = (reason: Reason): Outcome => ({ kind: 'refuse', reason })

/** What follows the last @, as domains are compared (RFC 5321 §2.4). */
const domainOf = (email: string): string => email.slice(email.lastIndexOf('@') + 1).toLowerCase()

/** Groups here that follow the provider: to be in, and to be out of. */
export function groupsFor(named: readonly string[], map: readonly { named: string; group: string }[]): { in: string[]; out: string[] } {
  const into = new Set(map.filter((entry) => named.includes(entry.named)).map(({ group }) => group))
  return { in: [...into], out: [...new Set(map.map(({ group }) => group))].filter((group) => !into.has(group)) }
}
