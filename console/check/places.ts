import type { Place } from '../place.ts'

const reads = { verb: 'act', record: 'check', name: 'read' } as const

export const checkPlaces: readonly Place[] = [
  { path: '/checks', title: 'Checks', screen: () => import('./checks.tsx'), rail: 'spine', keys: 'g k', also: 'runs results slots', may: reads },
  { path: '/checks/one', title: 'Check', screen: () => import('./check.tsx'), hidden: true, may: reads },
  { path: '/controls', title: 'Controls', screen: () => import('./controls.tsx'), rail: 'spine', keys: 'g o', also: 'frameworks soc iso requirements catalogue', may: reads },
]
