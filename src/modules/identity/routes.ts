import type { Route } from '#core/module'
import type { identity } from './contract.ts'
import { groupRoutes } from './group-routes.ts'
import { invitationRoutes } from './invitation-routes.ts'
import type { Invitations } from './invitations.ts'
import type { IdentityParts } from './parts.ts'
import type { People } from './people.ts'
import { personRoutes } from './person-routes.ts'
import type { SetUp } from './set-up.ts'

/** Every address of identity, in reading order. */
export const identityRoutes = (parts: IdentityParts, { people, invitations, setUp }: { people: People; invitations: Invitations; setUp: SetUp }): Route<typeof identity>[] => [
  ...personRoutes(parts, people),
  ...groupRoutes(parts, people),
  ...invitationRoutes(parts, people, invitations, setUp),
]
