export interface WebhookRecord {
  id: string
  title?: string
  url?: string
  events?: readonly string[]
  state?: 'on' | 'off'
  offWhy?: 'asked' | 'gone' | 'dead' | 'holder-ended' | null
  failingSince?: string | null
  lastSuccessAt?: string | null
  secrets?: readonly { publicKey: string; madeAt: string; endsAt: string | null }[]
  createdAt?: string
}

export interface DeliveryRecord {
  id: string
  event?: string
  happenedAt?: string
  state?: 'waiting' | 'delivered' | 'given-up'
  problem?: string | null
  attempts?: readonly { number: number; at: string; status: number | null; problem: string | null; untrustedAnswer: string | null }[]
  nextAt?: string | null
}

/** Shown this once. */
export interface NewSecret {
  secret: string
  publicKey: string
}

export const WEBHOOKS = '/webhooks'
export const OFF_WHY = { asked: 'turned off', gone: 'turned off: it answered that it is gone', dead: 'turned off: it has not answered for days', 'holder-ended': 'turned off: whoever it acted as is no longer here' } as const
