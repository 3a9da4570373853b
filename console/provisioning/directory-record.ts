export interface DirectoryRecord {
  id: string
  title?: string
  managedBy?: string
  adoptsInvited?: boolean
  createdAt?: string
  endedAt?: string
  lastRequestAt?: string
  lastChangeAt?: string
  people?: number
  activePeople?: number
  groups?: number
  tokens?: readonly { id: string; networks: readonly string[]; createdAt: string; expiresAt: string; lastUsedAt?: string }[]
  refusals?: readonly { at: string; request: string; status: number; detail: string }[]
}

/** The token is in this answer and nowhere else. */
export interface Issued {
  directory: string
  address: string
  token: string
}

export const DIRECTORIES = '/directories'
const DAY_MS = 86_400_000
export const LIVES = [['90', '90 days'], ['180', 'half a year'], ['365', 'a year']] as const
export const endIn = (days: string): string => new Date(Date.now() + Number(days) * DAY_MS).toISOString()
