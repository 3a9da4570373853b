import type { Place } from '../place.ts'

export const todayPlaces: readonly Place[] = [{ path: '/', title: 'Today', screen: () => import('./today.tsx'), rail: 'spine', keys: 'g t' }]
