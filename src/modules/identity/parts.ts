import type { Change, OrganisationDatabase } from '#core/database'
import type { Events } from '#core/module'
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
}

export interface IdentityParts {
  db: OrganisationDatabase
  events: Events
  owners: Owners
}
