import type { Place } from '../place.ts'

export const identityPlaces: readonly Place[] = [
  { path: '/people', title: 'People', screen: () => import('./people.tsx'), rail: 'people', keys: 'g p', also: 'users colleagues staff', may: { verb: 'act', record: 'person', name: 'read' } },
  { path: '/people/$id', title: 'Person', screen: () => import('./person.tsx') },
  { path: '/groups', title: 'Groups', screen: () => import('./groups.tsx'), rail: 'people', keys: 'g g', also: 'teams', may: { verb: 'act', record: 'group', name: 'read' } },
  { path: '/groups/$id', title: 'Group', screen: () => import('./group.tsx') },
  { path: '/service-accounts', title: 'Service accounts', screen: () => import('./service-accounts.tsx'), rail: 'people', also: 'robots machines api', may: { verb: 'act', record: 'person', name: 'read' } },
  { path: '/invitations', title: 'Invitations', screen: () => import('./invitations.tsx'), rail: 'people', may: { verb: 'act', record: 'invitation', name: 'read' } },
]
