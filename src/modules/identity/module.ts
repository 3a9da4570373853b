import type { Module } from '#core/module'
import { identityChecks } from './checks.ts'
import { createCircles } from './circles.ts'
import { identity } from './contract.ts'
import { createInvitations, type Invitations } from './invitations.ts'
import type { IdentityParts } from './parts.ts'
import type { People } from './people.ts'
import { createRoll } from './roll.ts'
import { identityRoutes } from './routes.ts'
import { createSetUp, type SetUp } from './set-up.ts'
import { identityMigrations } from './store.ts'

export interface IdentityServices {
  people: People
  invitations: Invitations
  setUp: SetUp
}

/** Who there is. Asks the roles, which stand on it, through `parts.owners`. */
export function createIdentityModule(parts: IdentityParts): IdentityServices & { module: Module<typeof identity> } {
  const { endWithin, ...roll } = createRoll(parts)
  const people: People = { ...roll, ...createCircles(parts) }
  const services = { people, invitations: createInvitations(parts, people), setUp: createSetUp(parts, people) }
  return {
    ...services,
    module: { contract: identity, migrations: identityMigrations.folder, routes: identityRoutes(parts, services), checks: identityChecks(parts, { ...services, endWithin }), obligations: [], reactions: [], sections: [] },
  }
}
