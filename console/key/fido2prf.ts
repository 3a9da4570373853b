/** A passkey as the browser must be asked for it. */
export interface PasskeyRef {
  /** base64url */
  credentialId: string
  transports: readonly string[]
  rpId: string
}

const LETTERS = 'qpzry9x8gf2tvdw0s3jn54khce6mua7l'
const GENERATOR = [0x3b6a57b2, 0x26508e6d, 0x1ea119fa, 0x3d4233dd, 0x2a1462b3]
const PREFIX = 'age-plugin-fido2prf-'

/**
 * The identity string under which the age library, and age-plugin-fido2prf outside browsers, finds a passkey: Bech32 (BIP 173)
 * over CBOR of version 1, credential id, relying party and transports.
 */
export function fido2prfIdentity({ credentialId, transports, rpId }: PasskeyRef): string {
  const binary = atob(credentialId.replaceAll('-', '+').replaceAll('_', '/'))
  const bytes = [...head(0, 1), ...head(2, binary.length), ...Array.from(binary, (letter) => letter.charCodeAt(0)), ...text(rpId), ...head(4, transports.length), ...transports.flatMap(text)]
  const words: number[] = []
  let held = 0
  let bits = 0
  for (const byte of bytes) {
    held = ((held << 8) | byte) & 0xfff
    for (bits += 8; bits >= 5; bits -= 5) words.push((held >>> (bits - 5)) & 31)
  }
  if (bits > 0) words.push((held << (5 - bits)) & 31)
  const codes = Array.from(PREFIX, (letter) => letter.charCodeAt(0))
  const check = polymod([...codes.map((code) => code >> 5), 0, ...codes.map((code) => code & 31), ...words, 0, 0, 0, 0, 0, 0]) ^ 1
  for (let i = 5; i >= 0; i--) words.push((check >>> (5 * i)) & 31)
  return `${PREFIX}1${words.map((word) => LETTERS[word]).join('')}`.toUpperCase()
}

/** Head of a CBOR item (RFC 8949 §3), for lengths below 65,536. */
const head = (major: number, value: number): number[] => (value < 24 ? [(major << 5) | value] : value < 256 ? [(major << 5) | 24, value] : [(major << 5) | 25, value >> 8, value & 0xff])
const text = (value: string): number[] => {
  const bytes = new TextEncoder().encode(value)
  return [...head(3, bytes.length), ...bytes]
}

function polymod(values: readonly number[]): number {
  let check = 1
  for (const value of values) {
    const top = check >>> 25
    check = ((check & 0x1ffffff) << 5) ^ value
    for (let i = 0; i < 5; i++) if ((top >>> i) & 1) check ^= GENERATOR[i] as number
  }
  return check >>> 0
}
