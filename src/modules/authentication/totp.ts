import { HOTP, Secret, TOTP } from 'otpauth'
import { renderSVG } from 'uqr'

// RFC 6238 §5.2: one step of delay is allowed for, in both directions.
const WINDOW = 1
const PERIOD_SECONDS = 30
const DIGITS = 6

/** 160 bits, as RFC 4226 §4 (R6) recommends. */
export function newTotpSecret(): Uint8Array {
  return new Secret({ size: 20 }).bytes
}

/** The step of a time: seconds since 1970 by thirty (RFC 6238 §4.2). */
export function stepAt(at: Date): number {
  return Math.floor(at.getTime() / 1000 / PERIOD_SECONDS)
}

/**
 * The step that a typed code belongs to, or undefined where it fits none that may be shown now.
 * INVARIANT: the caller keeps the step and takes no code of the same or an earlier one: each code counts once (RFC 6238 §5.2).
 */
export function stepOfCode(secret: Uint8Array, typed: string, at: Date): number | undefined {
  const token = typed.replace(/[\s-]/g, '')
  if (!/^\d{6}$/.test(token)) return undefined
  const counter = stepAt(at)
  const delta = HOTP.validate({ token, secret: secretOf(secret), algorithm: 'SHA1', digits: DIGITS, counter, window: WINDOW })
  return delta === null ? undefined : counter + delta
}

/** How an authenticator app takes the secret: the address behind the QR code, the picture, and the letters to type where no camera is. */
export function totpOffer(secret: Uint8Array, issuer: string, label: string): { uri: string; secret: string; svg: string } {
  // A colon parts issuer and label in the address: neither may bring its own.
  const totp = new TOTP({ issuer: issuer.replaceAll(':', ' '), label: label.replaceAll(':', ' '), algorithm: 'SHA1', digits: DIGITS, period: PERIOD_SECONDS, secret: secretOf(secret) })
  const uri = totp.toString()
  return { uri, secret: secretOf(secret).base32, svg: renderSVG(uri, { border: 2 }) }
}

function secretOf(bytes: Uint8Array): Secret {
  return new Secret({ buffer: new Uint8Array(bytes).buffer })
}
