import type { Place } from '../place.ts'

const reads = { verb: 'act', record: 'policy', name: 'read-draft' } as const

export const policyPlaces: readonly Place[] = [
  { path: '/policies', title: 'Policies', screen: () => import('./policies.tsx'), rail: 'spine', keys: 'g y', also: 'versions drafts publish page', may: reads },
  { path: '/policies/import', title: 'Import a page', screen: () => import('./import.tsx'), also: 'paste upload address draft new policy', may: { verb: 'act', record: 'policy', name: 'draft' } },
  { path: '/policies/$slug/$number', title: 'Version', screen: () => import('./version.tsx'), may: reads },
]
