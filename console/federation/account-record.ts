/** An account of one's own at a provider. */
export interface OwnAccountRecord {
  id: string
  provider: string
  title: string
  linkedAt: string
  lastUsedAt?: string
}

/** Somebody's, as far as it may be read. */
export interface AccountRecord {
  id: string
  provider?: string
  person?: string
  subject?: string
  linkedAt?: string
  linkedHow?: string
  lastUsedAt?: string
}

export const OWN_ACCOUNTS = '/federation/own-accounts'
export const ACCOUNTS = '/federation/accounts'
export const LINKED_HOW: Readonly<Record<string, string>> = { link: 'added by themselves', invitation: 'with their invitation', creation: 'made by the provider' }
