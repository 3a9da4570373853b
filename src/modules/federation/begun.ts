import { randomBytes } from 'node:crypto'
import { z } from 'zod'
import type { Client, SetCookie } from '#core/module'
import { Refusal } from './refusal.ts'
import type { Seals } from './seals.ts'

/** From leaving for the provider to coming back: time to find a phone. */
const MINUTES = 10
/** A clock that was set back makes nothing live longer than this on top. */
const MOST_MS = MINUTES * 60_000

const Purpose = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('sign-in') }),
  /** Somebody who is signed in adds the account to theirs. `epoch`: signed out meanwhile, it is void. */
  z.strictObject({ kind: z.literal('link'), person: z.uuid(), epoch: z.number() }),
  z.strictObject({ kind: z.literal('invitation'), token: z.string() }),
])
export type Purpose = z.infer<typeof Purpose>

const Begun = z.strictObject({
  /** 128 random bits in hex: the state of OIDC, the request id and RelayState of SAML, the name of the cookie. */
  id: z.string(),
  provider: z.uuid(),
  purpose: Purpose,
  nonce: z.string(),
  verifier: z.string(),
  /** Path of ours to go to at the end. */
  returnTo: z.string(),
  /** The provider was asked to have them show anew who they are. */
  fresh: z.boolean(),
  at: z.number(),
  expiresAt: z.number(),
})
/**
 * A sign-in on its way to a provider. It lies in a cookie of the browser that began it, sealed: nothing is kept here for
 * people who never come back, and nobody else's browser can go on with it.
 */
export type Begun = z.infer<typeof Begun>

export function begin(provider: string, purpose: Purpose, { returnTo, fresh, at }: { returnTo: string; fresh: boolean; at: Date }): Begun {
  return {
    id: randomBytes(16).toString('hex'),
    provider,
    purpose,
    nonce: randomBytes(32).toString('base64url'),
    verifier: randomBytes(32).toString('base64url'), // RFC 7636 §4.1: 43 characters
    returnTo,
    fresh,
    at: at.getTime(),
    expiresAt: at.getTime() + MOST_MS,
  }
}

/** A cookie for each sign-in under way, so that two tabs do not end each other's. */
const cookieName = (id: string): string => `federation-${id}`

/**
 * @param crossSite SAML answers by a form that the provider's page posts to us, and only such a cookie comes along. It is
 *   worth nothing without the answer to it, and is gone after one.
 */
export async function begunCookie(seals: Seals, begun: Begun, crossSite: boolean): Promise<SetCookie> {
  const { keyId, bytes } = await seals.seal('begun', begun.id, JSON.stringify(begun))
  return { name: cookieName(begun.id), value: `${keyId}.${bytes.toString('base64url')}`, maxAgeSeconds: MINUTES * 60, sameSite: crossSite ? 'None' : 'Lax' }
}

export const endedCookie = (id: string, crossSite: boolean): SetCookie => ({ name: cookieName(id), value: '', sameSite: crossSite ? 'None' : 'Lax' })

/**
 * The sign-in that this browser began under this id.
 * @throws Refusal `not-begun-here` for one of another browser, another provider, or too long ago
 */
export async function readBegun(seals: Seals, { cookies }: Client, { id, provider, at }: { id: string | undefined; provider: string; at: Date }): Promise<Begun> {
  const value = id !== undefined && /^[0-9a-f]{32}$/.test(id) ? cookies[`__Host-${cookieName(id)}`] : undefined
  const [, keyId, bytes] = /^([0-9a-f]{32})\.([A-Za-z0-9_-]{40,4000})$/.exec(value ?? '') ?? []
  if (id === undefined || keyId === undefined || bytes === undefined) throw new Refusal('not-begun-here', 'no cookie of this sign-in')
  const text = await seals.open('begun', id, { keyId, bytes: Buffer.from(bytes, 'base64url') }).catch((cause: unknown) => {
    throw new Refusal('not-begun-here', 'a cookie that is not ours', cause)
  })
  const begun = Begun.parse(JSON.parse(text))
  if (begun.provider !== provider) throw new Refusal('not-begun-here', 'begun with another provider')
  // Set back, the clock says that it is yet to begin: such a one is not lived longer than meant.
  if (at.getTime() >= begun.expiresAt || begun.at - at.getTime() > MOST_MS) throw new Refusal('not-begun-here', 'too long ago')
  return begun
}

/** Only a path of ours: an address elsewhere would make us a springboard (RFC 9700 §4.11). */
export function returnPath(text: string | undefined): string {
  if (text === undefined || text.length > 500 || !/^\/(?![/\\])[\w\-./~%?=&+:@,]*$/.test(text)) return '/console'
  const url = new URL(text, 'https://own.invalid')
  return url.origin === 'https://own.invalid' && /^\/(console|$)/.test(url.pathname) ? url.pathname + url.search : '/console'
}
