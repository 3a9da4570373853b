import type { Place } from '../place.ts'

const reads = { verb: 'act', record: 'log', name: 'read' } as const

export const logPlaces: readonly Place[] = [
  { path: '/log', title: 'Log', screen: () => import('./log.tsx'), rail: 'spine', keys: 'g l', also: 'checkpoint witnesses entries fsck audit transparency', may: reads },
  { path: '/log/$index', title: 'Entry', screen: () => import('./entry.tsx'), may: reads },
]
