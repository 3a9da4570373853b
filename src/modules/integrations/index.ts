/** The integrations module's front door. */
export { integrations } from './contract.ts'
export type { Letter, LetterKind } from './letter.ts'
export type { IntegrationsServices } from './module.ts'
export type { Notices } from './notices.ts'
export type { IntegrationsParts } from './parts.ts'
export type { Mail } from './post.ts'
export { integrationsMigrations } from './store.ts'
