import type { Clock } from '#core/clock'
import type { OrganisationDatabase } from '#core/database'
import type { KeyRing } from '#core/keys'
import type { Events } from '#core/module'
import type { Invitations, Mail, People, SetUp } from '#modules/identity'
import type { BreachedList } from './breached-list.ts'

/** What this room is made of; handed in by the composition root. */
export interface AuthenticationParts {
  db: OrganisationDatabase
  clock: Clock
  keys: KeyRing
  events: Events
  people: People
  invitations: Invitations
  setUp: SetUp
  mail?: Mail
  /** For who may sign in although single sign-on is required. */
  isOwner(personId: string): Promise<boolean>
  /** Identity providers to offer on the page for signing in. */
  providers?(): Promise<readonly { id: string; title: string; kind: 'oidc' | 'saml' }[]>
  /** The operator's list of breached passwords, where there is one. */
  breached?: BreachedList
  /** How the organisation calls itself, and its public origin; without one, the local address. */
  organisation(): Promise<{ name?: string; publicUrl?: string }>
  /** Address of our own listener, such as http://localhost:4000; empty until it is open. */
  localUrl(): string
}
