import type { Change, OrganisationDatabase } from '#core/database'
import type { Actor, Events } from '#core/module'
import type { PersonId } from './people.ts'

/** What identity asks of the roles, which stand on identity themselves: handed in by the composition root. */
export interface Owners {
  /**
   * Whether the organisation would have no owner who can sign in, were this person not there. Asked inside a serializable
   * change, before anything of theirs ends.
   */
  isLastOwner(tx: Change<never>, id: PersonId): Promise<boolean>
  /** Makes the first person the owner. */
  giveOwnership(tx: Change<never>, id: PersonId): Promise<void>
  /** Refuses whoever would raise themselves or others above what they hold. @throws VouchsafeError `not-allowed` */
  requireOverGroup(tx: Change<never>, giver: Giver, group: string): Promise<void>
  requireOverPerson(tx: Change<never>, giver: Giver, person: string): Promise<void>
  /** The same for what a group denies, which ends for whoever leaves it. */
  requireToLeave(tx: Change<never>, giver: Giver, group: string): Promise<void>
}

/** Whoever acts and can be held against what they hold themselves. */
export type Giver = Extract<Actor, { kind: 'operator' | 'person' | 'service' }>

/** What invitations ask of the post. */
export interface Mail {
  /** Queues it with the change, sealed: the text holds a link that lets somebody in. */
  send(tx: Change<never>, message: { to: string; subject: string; text: string }): Promise<void>
  /** Whether mail is set up at all. */
  isReady(): Promise<boolean>
}

export interface IdentityParts {
  db: OrganisationDatabase
  events: Events
  owners: Owners
  /**
   * What siblings would still accept from these persons: their sessions and tokens. For the check that nothing is left of
   * whoever was deactivated; left out, the check does not speak of it.
   */
  stillHeld?(persons: readonly string[]): Promise<readonly { person: string; what: string }[]>
  /** Left out, or not ready: links are shown to whoever invites, once. */
  mail?: Mail
  /** How the organisation calls itself, and its public address; without one, the local one. */
  organisation(): Promise<{ name?: string; publicUrl?: string }>
  /** Address of our own listener, such as http://localhost:4000. */
  localUrl(): string
}
