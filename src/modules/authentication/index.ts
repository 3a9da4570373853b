import type { Instant } from '#core/clock'
import type { Recognition } from '#core/module'
import type { Person } from '#modules/identity'
import type { Passkey } from './passkey.ts'
import type { SecuritySettings } from './security-settings.ts'
import type { Provenance } from './session.ts'
import type { Answer, Asked } from './signing-in.ts'
import type { Sessions } from './sessions.ts'
import type { Tokens } from './tokens.ts'

/** The authentication module's front door. */
export { authentication } from './contract.ts'
export { breachedList, breachedListIn, type BreachedList } from './breached-list.ts'
export type { AuthenticationParts } from './parts.ts'
export type { Passkey } from './passkey.ts'
export type { SecuritySettings } from './security-settings.ts'
export type { Factor, Provenance, Session } from './session.ts'
export type { NewSession, Sessions } from './sessions.ts'
export type { Answer, Asked } from './signing-in.ts'
export { authenticationMigrations } from './store.ts'

/** What others get of this room. */
export interface AuthenticationServices {
  /** For the HTTP surface: who sent a request. */
  recognition: Recognition
  /** For identity providers: begin a session in a change of theirs, end those of a logout. */
  sessions: Sessions
  /** Goes on after a provider's word with our own second factor: asks for it, has one set up, or begins the session. */
  afterProvider(person: Person, provenance: Provenance, asked: Asked): Promise<Answer>
  /** The provider that a session came by; undefined for one that began here. */
  provenanceOf(sessionId: string): Promise<Provenance | undefined>
  /** For whoever gives a service account a token, such as a directory’s. */
  tokens: Pick<Tokens, 'issue' | 'of' | 'revoke'>
  securitySettings(): Promise<SecuritySettings>
  /** Public keys of a person's passkeys, for whoever verifies what they signed. */
  passkeysOf(personId: string): Promise<readonly Passkey[]>
  /** Takes away what is over; once an hour is enough. */
  sweep(at: Instant): Promise<void>
}
