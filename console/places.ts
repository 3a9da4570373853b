import { accountPlaces } from './account/places.ts'
import { authenticationPlaces } from './authentication/places.ts'
import { federationPlaces } from './federation/places.ts'
import { identityPlaces } from './identity/places.ts'
import { integrationsPlaces } from './integrations/places.ts'
import type { Place } from './place.ts'
import { provisioningPlaces } from './provisioning/places.ts'
import { rolesPlaces } from './roles/places.ts'
import { settingsPlaces } from './settings/places.ts'
import { todayPlaces } from './today/places.ts'

/** Every screen, a folder a module, in the order of the rail. */
export const places: readonly Place[] = [...todayPlaces, ...identityPlaces, ...rolesPlaces, ...accountPlaces, ...settingsPlaces, ...federationPlaces, ...provisioningPlaces, ...integrationsPlaces, ...authenticationPlaces]
