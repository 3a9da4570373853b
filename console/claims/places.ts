import type { Place } from '../place.ts'

const reads = { verb: 'act', record: 'claim', name: 'read' } as const

export const claimsPlaces: readonly Place[] = [
  { path: '/claims', title: 'Claims', screen: () => import('./claims.tsx'), rail: 'spine', keys: 'g c', also: 'statements sentences promises owners broken stale', may: reads },
  { path: '/claims/$id', title: 'Claim', screen: () => import('./claim.tsx'), may: reads },
]
