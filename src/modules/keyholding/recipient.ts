import { createPublicKey, diffieHellman, generateKeyPairSync } from 'node:crypto'
import { VouchsafeError } from '#core/errors'

const LETTERS = 'qpzry9x8gf2tvdw0s3jn54khce6mua7l'
const GENERATOR = [0x3b6a57b2, 0x26508e6d, 0x1ea119fa, 0x3d4233dd, 0x2a1462b3]

/** BIP 173, "Checksum". */
function polymod(values: readonly number[]): number {
  let check = 1
  for (const value of values) {
    const top = check >>> 25
    check = ((check & 0x1ffffff) << 5) ^ value
    for (let i = 0; i < 5; i++) if ((top >>> i) & 1) check ^= GENERATOR[i] as number
  }
  return check >>> 0
}

const PREFIX = 'age'
const EXPANDED = Array.from(PREFIX, (letter) => letter.charCodeAt(0) >> 5).concat(0, ...Array.from(PREFIX, (letter) => letter.charCodeAt(0) & 31))

const refused = (why: string): VouchsafeError => new VouchsafeError('bad-input', `This is no age recipient: ${why}.`, { mend: 'It begins with age1 and has 62 letters.' })

/**
 * The 32 bytes of an X25519 recipient (c2sp.org/age, "The X25519 recipient type": Bech32, lower case).
 * @throws VouchsafeError `bad-input`, also for a point of small order: a file for it could be read by everybody
 */
export function readRecipient(text: string): Uint8Array {
  const match = /^age1([a-z0-9]{58})$/.exec(text)
  const values = [...(match?.[1] ?? '')].map((letter) => LETTERS.indexOf(letter))
  if (match === null || values.includes(-1)) throw refused('its letters are wrong')
  if (polymod([...EXPANDED, ...values]) !== 1) throw refused('its checksum is wrong')
  let held = 0
  let bits = 0
  const bytes: number[] = []
  for (const value of values.slice(0, -6)) {
    held = ((held << 5) | value) & 0xfff
    bits += 5
    if (bits >= 8) {
      bits -= 8
      bytes.push((held >>> bits) & 0xff)
    }
  }
  if (bytes.length !== 32 || (held & ((1 << bits) - 1)) !== 0) throw refused('its length is wrong')
  const key = Uint8Array.from(bytes)
  if (!isUsable(key)) throw refused('a file for it could be read by everybody')
  return key
}

/** Whether an X25519 key keeps a secret at all: one of small order gives everybody zeros (RFC 7748 §6.1), which OpenSSL refuses to derive. */
export function isUsable(key: Uint8Array): boolean {
  try {
    diffieHellman({ privateKey: generateKeyPairSync('x25519').privateKey, publicKey: createPublicKey({ key: { kty: 'OKP', crv: 'X25519', x: Buffer.from(key).toString('base64url') }, format: 'jwk' }) })
    return true
  } catch {
    return false
  }
}
