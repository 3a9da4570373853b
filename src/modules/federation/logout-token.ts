import { distrust } from './refusal.ts'
import { MOST_SKEW_SECONDS } from './skew.ts'

/** Whose sessions a provider wants ended. At least one of both. */
export interface LogoutOrder {
  subject?: string
  session?: string
  /** Unique for this order: taken once. */
  jti: string
  expiresAt: Date
}

/** OpenID Connect Back-Channel Logout §2.4: short lived; two minutes are advised, and nobody needs ten. */
const MOST_AGE_SECONDS = 600

/**
 * What a logout token orders, by OpenID Connect Back-Channel Logout §2.6 steps 3–9; its signature was verified before.
 * @throws Refusal `not-trusted`
 */
export function readLogoutOrder({ header, claims }: { header: { typ?: string | undefined }; claims: Record<string, unknown> }, { issuer, clientId, at }: { issuer: string; clientId: string; at: Date }): LogoutOrder {
  const now = at.getTime() / 1000
  const { iss, aud, iat, exp, jti, sub, sid, events, nonce } = claims
  // An id token that somebody got hold of must not pass for one: it has a nonce, another type, and no such event. The type
  // is asked for although the standard only advises it (§2.4; ASVS 10.5.5).
  if (header.typ === undefined || !/^(application\/)?logout\+jwt$/i.test(header.typ)) throw distrust('a token of another type')
  if (iss !== issuer) throw distrust('a logout token of another issuer')
  if (!(Array.isArray(aud) ? aud.includes(clientId) : aud === clientId)) throw distrust('a logout token for somebody else')
  if (typeof iat !== 'number' || iat > now + MOST_SKEW_SECONDS || iat < now - MOST_AGE_SECONDS - MOST_SKEW_SECONDS) throw distrust('a logout token of another time')
  if (exp !== undefined && (typeof exp !== 'number' || exp <= now - MOST_SKEW_SECONDS)) throw distrust('a logout token that is over')
  if (typeof events !== 'object' || events === null || typeof (events as Record<string, unknown>)['http://schemas.openid.net/event/backchannel-logout'] !== 'object') throw distrust('a logout token without its event')
  if (nonce !== undefined) throw distrust('a logout token with a nonce')
  if (typeof jti !== 'string' || jti === '' || jti.length > 500) throw distrust('a logout token without an id')
  const subject = typeof sub === 'string' && sub !== '' ? sub : undefined
  const session = typeof sid === 'string' && sid !== '' ? sid : undefined
  if (subject === undefined && session === undefined) throw distrust('a logout token that does not say of whom')
  return { jti, expiresAt: new Date((iat + MOST_AGE_SECONDS + MOST_SKEW_SECONDS) * 1000), ...(subject === undefined ? {} : { subject }), ...(session === undefined ? {} : { session }) }
}
