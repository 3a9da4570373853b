import type { Place } from '../place.ts'

export const accountPlaces: readonly Place[] = [
  { path: '/attestations', title: 'Attestations', screen: () => import('../attestation/attestations.tsx'), rail: 'spine', also: 'attest sign vouch promise', may: { verb: 'act', record: 'attestation', name: 'make' } },
  { path: '/account', title: 'Your account', screen: () => import('./account.tsx'), rail: 'settings', keys: 'g a', also: 'me passkey password sessions tokens profile encryption key' },
]
