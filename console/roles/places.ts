import type { Place } from '../place.ts'

export const rolesPlaces: readonly Place[] = [
  { path: '/roles', title: 'Roles', screen: () => import('./roles.tsx'), rail: 'people', keys: 'g r', also: 'permissions rights', may: { verb: 'act', record: 'role', name: 'read' } },
  { path: '/roles/$id', title: 'Role', screen: () => import('./role.tsx') },
  { path: '/access', title: 'Who can do what', screen: () => import('./access.tsx'), rail: 'people', keys: 'g w', also: 'why simulator permissions export', may: [{ verb: 'act', record: 'access', name: 'explain' }, { verb: 'act', record: 'access', name: 'simulate' }, { verb: 'act', record: 'access', name: 'export' }] },
]
