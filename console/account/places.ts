import type { Place } from '../place.ts'

export const accountPlaces: readonly Place[] = [{ path: '/account', title: 'Your account', screen: () => import('./account.tsx'), rail: 'settings', keys: 'g a', also: 'me passkey password sessions tokens profile' }]
