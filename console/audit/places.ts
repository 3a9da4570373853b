import type { Place } from '../place.ts'

export const auditPlaces: readonly Place[] = [{ path: '/audit', title: 'Audit trail', screen: () => import('./audit.tsx'), rail: 'settings', keys: 'g u', also: 'who did what changes history export', may: { verb: 'act', record: 'audit', name: 'read' } }]
