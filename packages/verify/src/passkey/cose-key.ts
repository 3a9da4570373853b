import { sameBytes } from '../bytes.ts'
import { VerifyError } from '../errors.ts'

/** A passkey's public key, read. Octets are big-endian and as long as the algorithm says. */
export type CoseKey =
  | { algorithm: 'ES256'; x: Uint8Array; y: Uint8Array }
  | { algorithm: 'EdDSA'; x: Uint8Array }
  | { algorithm: 'RS256'; n: Uint8Array }

// CBOR heads of COSE_Key maps (RFC 9052 §7, RFC 9053 §7.1, RFC 8230 §4) in the one order that CTAP2 lets authenticators write.
const ES256 = Uint8Array.of(0xa5, 0x01, 0x02, 0x03, 0x26, 0x20, 0x01, 0x21, 0x58, 0x20) // kty EC2, alg -7, crv P-256, x: 32 bytes
const ES256_Y = Uint8Array.of(0x22, 0x58, 0x20)
const EDDSA = Uint8Array.of(0xa4, 0x01, 0x01, 0x03, 0x27, 0x20, 0x06, 0x21, 0x58, 0x20) // kty OKP, alg -8, crv Ed25519, x: 32 bytes
const RS256 = Uint8Array.of(0xa4, 0x01, 0x03, 0x03, 0x39, 0x01, 0x00, 0x20, 0x59) // kty RSA, alg -257, n: its length follows in two bytes
const RS256_E = Uint8Array.of(0x21, 0x43, 0x01, 0x00, 0x01) // e = 65537, which is what authenticators make

// 2048, 3072 and 4096 bits: less is too weak, and more is work that a hostile log could ask of readers.
const RSA_BYTES = [256, 384, 512]

/**
 * Reads a COSE_Key of ES256, EdDSA or RS256 in canonical CBOR. No general CBOR reader stands between the log and a
 * signature: these three layouts are all there is, so a key has one spelling.
 * @throws VerifyError `malformed` for anything else
 */
export function readCoseKey(bytes: Uint8Array): CoseKey {
  if (bytes.length === 77 && startsWith(bytes, ES256) && sameBytes(bytes.subarray(42, 45), ES256_Y)) return { algorithm: 'ES256', x: bytes.slice(10, 42), y: bytes.slice(45) }
  if (bytes.length === 42 && startsWith(bytes, EDDSA)) return { algorithm: 'EdDSA', x: bytes.slice(10) }
  if (bytes.length > 16 && startsWith(bytes, RS256)) {
    const length = (bytes[9] as number) * 256 + (bytes[10] as number)
    const n = bytes.slice(11, 11 + length)
    const fits = RSA_BYTES.includes(length) && bytes.length === 11 + length + RS256_E.length && sameBytes(bytes.subarray(11 + length), RS256_E)
    if (fits && (n[0] as number) >= 0x80 && (n[length - 1] as number) % 2 === 1) return { algorithm: 'RS256', n }
  }
  throw new VerifyError('malformed', 'a passkey’s key is a COSE_Key of ES256, EdDSA or RS256 in canonical CBOR')
}

const startsWith = (bytes: Uint8Array, head: Uint8Array): boolean => sameBytes(bytes.subarray(0, head.length), head)
