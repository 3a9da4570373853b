/** The identity module's front door. */
export { parseAddress, foldedAddress, type Address } from './address.ts'
export { identity } from './contract.ts'
export type { Ending, Group, GroupChange, GroupId, Membership, NewGroup, NewPerson, People, Person, PersonChange, PersonId, Standing } from './people.ts'
export type { Invitations, Invited } from './invitations.ts'
export type { Giver, IdentityParts, Mail, Owners } from './parts.ts'
export type { SetUp } from './set-up.ts'
export { identityMigrations, takeTurn } from './store.ts'
