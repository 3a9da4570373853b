import type { Federation } from './module.ts'
import { accountRoutes } from './account-routes.ts'
import { browserRoutes } from './browser-routes.ts'
import { providerRoutes } from './provider-routes.ts'

export const federationRoutes = (parts: Federation) => [...browserRoutes(parts), ...providerRoutes(parts), ...accountRoutes(parts)]
