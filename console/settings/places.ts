import type { Place } from '../place.ts'

export const settingsPlaces: readonly Place[] = [
  { path: '/settings/security', title: 'Security settings', screen: () => import('./security.tsx'), rail: 'settings', keys: 'g s', also: 'second factor mfa single sign-on sso networks session limits', may: { verb: 'act', record: 'security-setting', name: 'read' } },
]
