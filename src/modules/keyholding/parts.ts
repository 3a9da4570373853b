import type { OrganisationDatabase } from '#core/database'
import type { Events } from '#core/module'
import type { StatementSigner } from '#core/statement'
import type { Passkey } from '#modules/authentication'
import type { People } from '#modules/identity'

export interface KeyholdingParts {
  db: OrganisationDatabase
  events: Events
  people: People
  /** Signs what the log says of keys. */
  signer: StatementSigner
  passkeysOf(personId: string): Promise<readonly Passkey[]>
}
