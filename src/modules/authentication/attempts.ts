import type { Client } from '#core/module'
import { VouchsafeError } from '#core/errors'
import { cookieOf } from './cookies.ts'
import { neighbourhood } from './network.ts'
import { digestOf } from './secret.ts'
import type { AuthenticationStore } from './store.ts'

/** So many attempts within so long. */
interface Limit {
  most: number
  seconds: number
}

/** From one place, whatever it tries: an office behind one address signs in on Monday morning. */
const PLACE: Limit = { most: 100, seconds: 15 * 60 }
/** From one place at one account: people mistype; nobody mistypes more often. */
const PLACE_AT_ACCOUNT: Limit = { most: 10, seconds: 15 * 60 }
/**
 * At one account from all places where its owner never was, together. A flood from a thousand addresses gets 30 guesses an
 * hour; the owner, on a device or at an address where they signed in before, is not counted here and so never locked out.
 */
const STRANGERS_AT_ACCOUNT: Limit = { most: 30, seconds: 60 * 60 }

/** For the page that tells them. */
export const LIMITS = { place: PLACE, placeAtAccount: PLACE_AT_ACCOUNT, strangersAtAccount: STRANGERS_AT_ACCOUNT } as const

export interface Attempt {
  /** The account that is tried: a person's id, or the digest of an address that belongs to nobody. */
  account: string
  client: Client
  at: Date
  /** What is tried: a flood on passwords uses up no attempts at second factors. */
  what: 'password' | 'second-factor' | 'begin' | 'mail'
}

/** Cookie that a browser gets when somebody signed in with it; no credential, only a mark that it was here before. */
export const DEVICE_COOKIE = 'device'
/** How long a browser keeps it without signing in. */
export const DEVICE_DAYS = 90

export class Attempts {
  readonly #store: AuthenticationStore
  constructor(store: AuthenticationStore) {
    this.#store = store
  }

  /**
   * Counts an attempt before it is made, so that many at once do not slip by together.
   * @throws VouchsafeError `rate-limited` with the seconds to wait
   */
  async begin(attempt: Attempt): Promise<void> {
    const { account, client, at, what } = attempt
    const place = neighbourhood(client.address)
    await this.#use(at, `${what}|place|${place}`, PLACE)
    if (what === 'begin') return
    const familiar = await this.#familiarAs(attempt)
    await this.#use(at, `${what}|pair|${account}|${familiar ?? place}`, PLACE_AT_ACCOUNT)
    if (familiar === undefined) await this.#use(at, `${what}|strangers|${account}`, STRANGERS_AT_ACCOUNT)
  }

  /** It was them: their own mistakes from here are forgiven. What strangers used up stays used. */
  async succeeded(attempt: Attempt): Promise<void> {
    const place = neighbourhood(attempt.client.address)
    const familiar = await this.#familiarAs(attempt)
    for (const from of familiar === undefined ? [place] : [place, familiar]) await this.#store.forgetAttempts(digestOf(`${attempt.what}|pair|${attempt.account}|${from}`))
  }

  /** Where this person was before, as far as this request shows: their browser's mark, or their address. */
  async #familiarAs({ account, client }: Attempt): Promise<string | undefined> {
    for (const mark of familiarMarks(account, client)) if (await this.#store.isFamiliar(mark)) return mark.toString('hex')
    return undefined
  }

  async #use(at: Date, bucket: string, { most, seconds }: Limit): Promise<void> {
    const { used, resetsAt } = await this.#store.useAttempt(digestOf(bucket), at, seconds)
    if (used <= most) return
    const waitSeconds = Math.min(seconds, Math.max(1, Math.ceil((resetsAt.getTime() - at.getTime()) / 1000)))
    throw new VouchsafeError('rate-limited', 'Too many attempts.', { mend: `Wait ${waitSeconds < 90 ? `${waitSeconds} s` : `${Math.ceil(waitSeconds / 60)} minutes`}; or use a passkey, which is never limited by what others try.`, retryAfterSeconds: waitSeconds })
  }
}

/** Digests by which a browser and an address are remembered for one person. They fit nobody else. */
export function familiarMarks(personId: string, client: Client): Buffer[] {
  const device = cookieOf(client, DEVICE_COOKIE)
  return [...(device === undefined ? [] : [digestOf(`vouchsafe/device/v1|${personId}|${device}`)]), digestOf(`vouchsafe/address/v1|${personId}|${neighbourhood(client.address)}`)]
}
