/** The organisation room's front door. */
export { canonicalHost, directoryDatabase, isLoopbackHost, organisationDatabaseName } from './directory.ts'
export type { Directory, Organisation, OrganisationId } from './directory.ts'
export { Organisations } from './organisations.ts'
export type { OpenOrganisation, OrganisationsOptions } from './organisations.ts'
