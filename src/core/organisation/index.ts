/** The organisation room's front door. */
export { directoryDatabase, isLoopbackHost } from './directory.ts'
export type { Directory, Organisation, OrganisationId } from './directory.ts'
export { Organisations } from './organisations.ts'
export type { OpenOrganisation, OrganisationsOptions } from './organisations.ts'
