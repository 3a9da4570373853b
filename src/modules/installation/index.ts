/** The installation module's front door. */
export { installation } from './contract.ts'
export type { InstallationParts } from './parts.ts'
