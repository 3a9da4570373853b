/** The federation module's front door. */
export { federation } from './contract.ts'
export type { Doors, FederationParts } from './parts.ts'
export type { Provider, ProviderId } from './provider.ts'
export { federationMigrations } from './store.ts'
