import type { OrganisationDatabase } from '#core/database'
import { recordTypesOf, reactionTo, type Actor, type Contract, type Events, type Module } from '#core/module'
import type { Access } from '#core/permission'
import { identity, type People } from '#modules/identity'
import { rolesChecks } from './checks.ts'
import { roles } from './contract.ts'
import { createGiving, type Giving } from './giving.ts'
import { createGrants, type Grants } from './grants.ts'
import { roleRoutes } from './routes.ts'
import { shownAs } from './shown.ts'
import { accessAs } from './simulation.ts'
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
  /** What `person` may do, for whoever may see as they do. @throws VouchsafeError `not-allowed`, `not-found` */
  accessAs(asker: { actor: Actor; access: Access }, person: string, address: string): Promise<Access>
  isOwner(person: string): Promise<boolean>
}

export function createRolesModule(parts: RolesParts): RolesServices & { module: Module<typeof roles> } {
  const giving = createGiving(parts)
  const grants = createGrants(parts.db, () => recordTypesOf(parts.contracts()))
  return {
    giving,
    grants,
    shownAs: (actor) => shownAs(actor, { people: parts.people(), grants, clock: parts.db.clock }),
    accessAs: async (asker, person, address) => (await accessAs(asker, person, address, { ...parts, grants, types: () => recordTypesOf(parts.contracts()) })).access,
    isOwner: giving.isOwner,
    module: {
      contract: roles,
      migrations: rolesMigrations.folder,
      routes: roleRoutes({ ...parts, giving, grants }),
      checks: rolesChecks({ ...parts, types: () => recordTypesOf(parts.contracts()), grants, giving }),
      obligations: [],
      reactions: [
        reactionTo(identity, 'person.deactivated', ({ person }, tx) => giving.endAll(tx, { kind: 'person', id: person }, 'deactivation')),
        reactionTo(identity, 'group.deleted', ({ group }, tx) => giving.endAll(tx, { kind: 'group', id: group }, 'the group was deleted')),
      ],
      sections: [],
    },
  }
}
