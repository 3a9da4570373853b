import { VerifyError } from './errors.ts'

const encoder = new TextEncoder()
// Lone surrogates and overlong forms are refused: two texts must never share their bytes.
const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

export const utf8 = (text: string): Uint8Array => encoder.encode(text)

/** Strict UTF-8 to text. @throws VerifyError `malformed` */
export function textOf(bytes: Uint8Array): string {
  try {
    return decoder.decode(bytes)
  } catch (cause) {
    throw new VerifyError('malformed', 'not valid UTF-8', { cause })
  }
}

export function concat(...parts: readonly Uint8Array[]): Uint8Array {
  let length = 0
  for (const part of parts) length += part.length
  const out = new Uint8Array(length)
  let at = 0
  for (const part of parts) {
    out.set(part, at)
    at += part.length
  }
  return out
}

/** Equality of public values; not constant in time, and never used on secrets. */
export function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false
  return true
}

export function toHex(bytes: Uint8Array): string {
  let out = ''
  for (const byte of bytes) out += byte.toString(16).padStart(2, '0')
  return out
}

/** Lower-case hexadecimal only. @throws VerifyError `not-canonical` */
export function fromHex(text: string): Uint8Array {
  if (text.length % 2 !== 0 || !/^[0-9a-f]*$/.test(text)) throw new VerifyError('not-canonical', 'expected lower-case hexadecimal')
  const out = new Uint8Array(text.length / 2)
  for (let i = 0; i < out.length; i++) out[i] = Number.parseInt(text.slice(i * 2, i * 2 + 2), 16)
  return out
}

/** Standard Base 64 with padding (RFC 4648 §4). */
export function toBase64(bytes: Uint8Array): string {
  let binary = ''
  for (let i = 0; i < bytes.length; i += 8192) binary += String.fromCharCode(...bytes.subarray(i, i + 8192))
  return btoa(binary)
}

/**
 * Standard Base 64 with padding (RFC 4648 §4), in its one canonical form: set trailing bits, missing
 * padding, white space and the URL alphabet are refused, so that no two texts decode to the same bytes.
 * @throws VerifyError `not-canonical`
 */
export function fromBase64(text: string): Uint8Array {
  if (text.length % 4 !== 0 || !/^[A-Za-z0-9+/]*={0,2}$/.test(text)) throw new VerifyError('not-canonical', 'expected standard Base 64 with padding')
  let binary: string
  try {
    binary = atob(text)
  } catch (cause) {
    throw new VerifyError('not-canonical', 'expected standard Base 64 with padding', { cause })
  }
  const out = Uint8Array.from(binary, (char) => char.charCodeAt(0))
  if (toBase64(out) !== text) throw new VerifyError('not-canonical', 'Base 64 with stray trailing bits')
  return out
}
