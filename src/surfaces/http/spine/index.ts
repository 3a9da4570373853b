import type { ApiPart } from '../openapi.ts'
import { attestationRoutes } from './attestations.ts'
import { checkRoutes } from './checks.ts'
import { claimRoutes } from './claims.ts'
import { spine } from './contract.ts'
import { obligationRoutes } from './obligations.ts'
import { organisationRoutes } from './organisation.ts'
import type { SpineParts } from './parts.ts'
import { policyRoutes } from './policies.ts'

export { spine as spineContract } from './contract.ts'
export type { SpineParts } from './parts.ts'

/** Every address of the spine, in reading order. */
export const spineApi = (parts: SpineParts): ApiPart => ({
  contract: spine,
  routes: [...policyRoutes(parts), ...claimRoutes(parts), ...checkRoutes(parts), ...attestationRoutes(parts), ...obligationRoutes(parts), ...organisationRoutes(parts)],
})
