import type { OrganisationDatabase } from '#core/database'
import { recordTypesOf, reactionTo, type Contract, type Events, type Module } from '#core/module'
import { identity, type People } from '#modules/identity'
import { roles } from './contract.ts'
import { createGiving, type Giving } from './giving.ts'
import { createGrants, type Grants } from './grants.ts'
import { shownAs } from './shown.ts'
import { rolesMigrations } from './store.ts'

export interface RolesParts {
  db: OrganisationDatabase
  events: Events
  /** Identity asks roles about owners, and roles ask identity about people: whichever is made first gets the other later. */
  people(): People
  /** Every contract whose words rules may use. */
  contracts(): readonly Contract[]
}

export interface RolesServices {
  grants: Grants
  giving: Giving
  /** How records that people read call somebody. */
  shownAs(actor: { kind: 'person' | 'service'; id: string }): Promise<string>
}

export function createRolesModule(parts: RolesParts): RolesServices & { module: Module<typeof roles> } {
  const giving = createGiving(parts)
  const grants = createGrants(parts.db, () => recordTypesOf(parts.contracts()))
  return {
    giving,
    grants,
    shownAs: (actor) => shownAs(actor, { people: parts.people(), grants, clock: parts.db.clock }),
    module: {
      contract: roles,
      migrations: rolesMigrations.folder,
      routes: [],
      checks: [],
      obligations: [],
      reactions: [
        reactionTo(identity, 'person.deactivated', ({ person }, tx) => giving.endAll(tx, { kind: 'person', id: person }, 'deactivation')),
        reactionTo(identity, 'group.deleted', ({ group }, tx) => giving.endAll(tx, { kind: 'group', id: group }, 'the group was deleted')),
      ],
      sections: [],
    },
  }
}
