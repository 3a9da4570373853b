export interface PasskeyRecord {
  id: string
  name: string
  createdAt?: string
  lastUsedAt?: string
  backedUp?: boolean
  /** Its counter went back: there may be a copy of it. */
  suspectAt?: string
}

/** What somebody signs in with; nothing secret is in it. */
export interface WaysRecord {
  passkeys?: readonly PasskeyRecord[]
  password?: { changedAt: string } | null
  totp?: { since: string } | null
  recoveryCodes?: { left: number }
}
