import type { Route } from '#core/module'
import type { authentication } from './contract.ts'
import { credentialRoutes, type CredentialRoutesParts } from './credential-routes.ts'
import type { Security } from './security.ts'
import { securityRoutes } from './security-routes.ts'
import { sessionRoutes, type SessionRoutesParts } from './session-routes.ts'
import { signInRoutes, type SignInRoutesParts } from './sign-in-routes.ts'
import { tokenRoutes, type TokenRoutesParts } from './token-routes.ts'

/** Every address of this room, in the order in which people meet them. */
export const authenticationRoutes = (parts: SignInRoutesParts & SessionRoutesParts & CredentialRoutesParts & TokenRoutesParts & { security: Security }): readonly Route<typeof authentication>[] => [
  ...signInRoutes(parts),
  ...sessionRoutes(parts),
  ...credentialRoutes(parts),
  ...tokenRoutes(parts),
  ...securityRoutes(parts.security),
]
