import type { Place } from '../place.ts'

export const integrationsPlaces: readonly Place[] = [
  { path: '/webhooks', title: 'Webhooks', screen: () => import('./webhooks.tsx'), rail: 'settings', also: 'integrations events', may: { verb: 'act', record: 'webhook', name: 'read' } },
  { path: '/webhooks/$id', title: 'Webhook', screen: () => import('./webhook.tsx') },
  { path: '/mail', title: 'Mail', screen: () => import('./mail.tsx'), rail: 'settings', also: 'integrations smtp letters e-mail server', may: { verb: 'act', record: 'mail-setting', name: 'read' } },
]
