import type { Place } from '../place.ts'

export const authenticationPlaces: readonly Place[] = [
  { path: '/sign-in', title: 'Sign in', screen: () => import('./sign-in-page.tsx'), door: true },
  { path: '/set-up', title: 'Set up', screen: () => import('./set-up.tsx'), door: true },
  { path: '/invitation', title: 'Accept an invitation', screen: () => import('./invitation.tsx'), door: true },
  { path: '/reset', title: 'Choose a new password', screen: () => import('./reset.tsx'), door: true },
  { path: '/forgotten', title: 'Forgotten password', screen: () => import('./forgotten.tsx'), door: true },
]
