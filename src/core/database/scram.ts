import { createHash, createHmac, pbkdf2Sync, randomBytes } from 'node:crypto'

/**
 * The verifier PostgreSQL keeps for a password (RFC 5803, RFC 7677): `SCRAM-SHA-256$<iterations>:<salt>$<StoredKey>:<ServerKey>`.
 * Given to `ALTER ROLE … PASSWORD` in place of the password, so that no password ever stands in an SQL statement,
 * where a server log could keep it. `password` must be ASCII (ours are base64url), so that SASLprep changes nothing.
 */
export function scramVerifier(password: string, salt: Uint8Array = randomBytes(16)): string {
  const iterations = 4096 // PostgreSQL's own; our passwords carry 256 random bits, so stretching adds nothing
  const salted = pbkdf2Sync(password, salt, iterations, 32, 'sha256')
  const hmac = (text: string) => createHmac('sha256', salted).update(text).digest()
  const storedKey = createHash('sha256').update(hmac('Client Key')).digest('base64')
  return `SCRAM-SHA-256$${iterations}:${Buffer.from(salt).toString('base64')}$${storedKey}:${hmac('Server Key').toString('base64')}`
}

/** A password of 256 random bits, in base64url. */
export function randomPassword(): string {
  return randomBytes(32).toString('base64url')
}
