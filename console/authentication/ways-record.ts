export interface PasskeyRecord {
  id: string
  name: string
  createdAt?: string
  lastUsedAt?: string | null
  backedUp?: boolean
}

/** What somebody signs in with; nothing secret is in it. */
export interface WaysRecord {
  passkeys?: readonly PasskeyRecord[]
  password?: { changedAt?: string } | boolean | null
  totp?: { addedAt?: string } | boolean | null
  recoveryCodes?: { left: number; madeAt?: string } | null
}
