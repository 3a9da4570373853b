import type { Clock } from '#core/clock'
import type { Change, OrganisationDatabase } from '#core/database'
import type { KeyRing } from '#core/keys'
import type { Client, Events, SetCookie } from '#core/module'
import type { outboundFetch } from '#core/outbound'
import type { NewSession, Provenance, Session } from '#modules/authentication'
import type { Giver, Invitations, People, Person } from '#modules/identity'

/** What federation asks of authentication. */
export interface Doors {
  /** Begins a session in a change of ours. */
  begin(tx: Change<never>, session: NewSession): Promise<{ session: Session; cookies: SetCookie[] }>
  /** Ends those of a logout. @returns how many */
  end(tx: Change<never>, which: { id?: string; provider?: string; subject?: string; providerSession?: string }): Promise<number>
  /**
   * Goes on after a provider's word with our own second factor: asks for it, has one set up, or begins the session where
   * neither is needed. The provider's word is the first factor; single sign-on, where it is required, is met by it.
   */
  afterProvider(person: Person, provenance: Provenance, asked: { client: Client; at: Date }): Promise<{ next: { next: 'done' | 'enrol' | 'choose-password' } | { next: 'second-factor'; ways: readonly string[] }; cookies: SetCookie[] }>
  /** The provider that a session came by, and its own id of it; undefined for one that began here. */
  provenanceOf(sessionId: string): Promise<Provenance | undefined>
}

export interface FederationParts {
  db: OrganisationDatabase
  clock: Clock
  keys: KeyRing
  events: Events
  people: People
  invitations: Pick<Invitations, 'look' | 'accept'>
  doors: Doors
  /** Refuses whoever would raise themselves or others above what they hold, by a group or by somebody's account. */
  authority: {
    requireOverGroup(tx: Change<never>, giver: Giver, group: string): Promise<void>
    requireOverPerson(tx: Change<never>, giver: Giver, person: string): Promise<void>
  }
  /** Whether providers may lie in private networks, or on this machine. */
  allowPrivate: boolean
  /** The one way out. */
  fetch: typeof outboundFetch
  /** How the organisation calls itself, and its public address; without one, the local one. */
  organisation(): Promise<{ name?: string; publicUrl?: string }>
  /** Address of our own listener, such as http://localhost:4000. */
  localUrl(): string
}

/** The origin that providers know us by: one, whichever way a browser came. */
export async function ownOrigin({ organisation, localUrl }: Pick<FederationParts, 'organisation' | 'localUrl'>): Promise<string> {
  const { publicUrl } = await organisation()
  return new URL(publicUrl ?? (localUrl() || 'http://localhost')).origin
}

/** Where providers send people and messages to: part of what is configured at theirs, so it never changes. */
export const addressesOf = (origin: string, provider: string) => ({
  start: `${origin}/api/v1/federation/${provider}/start`,
  callback: `${origin}/api/v1/federation/${provider}/callback`,
  backChannelLogout: `${origin}/api/v1/federation/${provider}/back-channel-logout`,
  keys: `${origin}/api/v1/federation/${provider}/keys`,
  /** Also our entity id. */
  metadata: `${origin}/api/v1/federation/${provider}/metadata`,
  acs: `${origin}/api/v1/federation/${provider}/acs`,
  logout: `${origin}/api/v1/federation/${provider}/logout`,
  signedOut: `${origin}/console/sign-in`,
})
