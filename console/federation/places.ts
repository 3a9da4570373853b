import type { Place } from '../place.ts'

export const federationPlaces: readonly Place[] = [
  { path: '/providers', title: 'Sign-in providers', screen: () => import('./providers.tsx'), rail: 'settings', also: 'sso single sign-on oidc saml okta entra google identity', may: { verb: 'act', record: 'provider', name: 'read' } },
  { path: '/providers/$id', title: 'Sign-in provider', screen: () => import('./provider.tsx') },
]
