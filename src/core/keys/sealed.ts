import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto'
import { VouchsafeError } from '#core/errors'

const version = 1
const nonceBytes = 12 // NIST SP 800-38D §5.2.1.1; random, so one key seals at most 2^32 texts (§8.3)
const tagBytes = 16
const overheadBytes = 1 + nonceBytes + tagBytes

/** Where a sealed value lives. It opens nowhere else: a value moved to another row, column or version is refused. */
export interface Place {
  table: string
  column: string
  row: string
  version: number
}

/** The associated data of a place: `table|column|row|version`. The separator is refused inside a part, so that no two places share one text. */
export function placeText(place: Place): string {
  for (const part of [place.table, place.column, place.row]) {
    if (part === '' || part.includes('|')) throw new VouchsafeError('internal', `"${part}" cannot name the place of a sealed value.`)
  }
  return `${place.table}|${place.column}|${place.row}|${place.version}`
}

/**
 * Seals `plain` with AES-256-GCM: version byte ‖ 12-byte nonce ‖ ciphertext ‖ 16-byte tag.
 * @param key 32 bytes
 * @param context authenticated, not stored
 */
export function seal(key: Uint8Array, context: string, plain: Uint8Array): Buffer {
  const nonce = randomBytes(nonceBytes)
  const cipher = createCipheriv('aes-256-gcm', key, nonce, { authTagLength: tagBytes })
  cipher.setAAD(Buffer.from(context))
  return Buffer.concat([Buffer.of(version), nonce, cipher.update(plain), cipher.final(), cipher.getAuthTag()])
}

/** Opens what `seal` made. @throws VouchsafeError `corrupt` when a single bit, the key or the context differs. */
export function open(key: Uint8Array, context: string, sealed: Uint8Array): Buffer {
  if (sealed.length < overheadBytes || sealed[0] !== version) throw corrupt()
  const decipher = createDecipheriv('aes-256-gcm', key, sealed.subarray(1, 1 + nonceBytes), { authTagLength: tagBytes })
  decipher.setAAD(Buffer.from(context))
  decipher.setAuthTag(sealed.subarray(sealed.length - tagBytes))
  try {
    return Buffer.concat([decipher.update(sealed.subarray(1 + nonceBytes, sealed.length - tagBytes)), decipher.final()])
  } catch (cause) {
    throw corrupt(cause)
  }
}

function corrupt(cause?: unknown): VouchsafeError {
  return new VouchsafeError('corrupt', 'A sealed value does not open: it was altered, moved, or sealed under another key.', {
    mend: 'Restore the value from a backup, and look in the audit for who could write there.',
    cause,
  })
}
