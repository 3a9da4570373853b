/** The domain module's front door. */
export { domain } from './contract.ts'
export type { DomainParts } from './probes.ts'
export { verifyOpenPgp } from './openpgp.ts'
