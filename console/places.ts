import { accountPlaces } from './account/places.ts'
import { auditPlaces } from './audit/places.ts'
import { authenticationPlaces } from './authentication/places.ts'
import { checkPlaces } from './check/places.ts'
import { claimsPlaces } from './claims/places.ts'
import { federationPlaces } from './federation/places.ts'
import { identityPlaces } from './identity/places.ts'
import { integrationsPlaces } from './integrations/places.ts'
import { logPlaces } from './log/places.ts'
import type { Place } from './place.ts'
import { policyPlaces } from './policy/places.ts'
import { provisioningPlaces } from './provisioning/places.ts'
import { rolesPlaces } from './roles/places.ts'
import { settingsPlaces } from './settings/places.ts'
import { todayPlaces } from './today/places.ts'

/** Every screen, a folder a module, in the order of the rail. */
export const places: readonly Place[] = [...todayPlaces, ...claimsPlaces, ...policyPlaces, ...checkPlaces, ...logPlaces, ...identityPlaces, ...rolesPlaces, ...accountPlaces, ...settingsPlaces, ...federationPlaces, ...provisioningPlaces, ...integrationsPlaces, ...auditPlaces, ...authenticationPlaces]
