import type { Place } from '../place.ts'

export const provisioningPlaces: readonly Place[] = [
  { path: '/directories', title: 'Provisioning', screen: () => import('./directories.tsx'), rail: 'settings', also: 'scim directory okta entra sync', may: { verb: 'act', record: 'directory', name: 'read' } },
  { path: '/directories/$id', title: 'Directory', screen: () => import('./directory.tsx') },
]
