import { hash, parseOptions, verify } from '@node-rs/argon2'
import { randomBytes } from 'node:crypto'
import { VouchsafeError } from '#core/errors'

/** OWASP's first choice for argon2id: 19 MiB, two passes, one lane; some 25 ms of one core. */
const PARAMETERS = { algorithm: 2, memoryCost: 19_456, timeCost: 2, parallelism: 1, outputLen: 32 } as const
/** Side by side: as many as leave a small machine one core and 40 MiB for everything else. */
const AT_ONCE = 2
/** Waiting: two seconds' worth. Whoever comes later is asked to come back, instead of holding memory. */
const MOST_WAITING = 100

export interface PasswordCheck {
  right: boolean
  /** The stored hash was made with other parameters: hash the password anew while it is here. */
  outdated: boolean
}

/**
 * Hashes passwords with argon2id and a key of the key ring (RFC 9106 §3.1, secret value K): without the key folder, a stolen
 * database cannot even be tried.
 */
export class PasswordHashing {
  readonly #key: () => Promise<Uint8Array>
  #running = 0
  readonly #waiting: (() => void)[] = []
  #decoy: Promise<string> | undefined
  constructor(key: () => Promise<Uint8Array>) {
    this.#key = key
  }

  /** @returns PHC string. @throws VouchsafeError `rate-limited` when too many wait already */
  async hash(password: string): Promise<string> {
    const secret = await this.#key()
    return this.#inTurn(() => hash(password, { ...PARAMETERS, secret }))
  }

  /**
   * Without a stored hash the same work is done on a decoy, so that the time of the answer does not tell whether there is one.
   */
  async verify(stored: string | undefined, password: string): Promise<PasswordCheck> {
    const secret = await this.#key()
    this.#decoy ??= this.hash(randomBytes(32).toString('hex'))
    const against = stored ?? (await this.#decoy)
    const right = await this.#inTurn(() => verify(against, password, { secret }))
    return { right: right && stored !== undefined, outdated: stored !== undefined && isOutdated(stored) }
  }

  async #inTurn<T>(work: () => Promise<T>): Promise<T> {
    if (this.#running >= AT_ONCE) {
      if (this.#waiting.length >= MOST_WAITING) throw new VouchsafeError('rate-limited', 'Too many people are signing in at this moment.', { mend: 'Try again in a few seconds.', retryAfterSeconds: 3 })
      await new Promise<void>((go) => this.#waiting.push(go)) // whoever ends hands their place over
    } else this.#running++
    try {
      return await work()
    } finally {
      const next = this.#waiting.shift()
      if (next) next()
      else this.#running--
    }
  }

  /** For tests and for the check: how many are hashed and how many wait. */
  get load(): { running: number; waiting: number } {
    return { running: this.#running, waiting: this.#waiting.length }
  }
}

/** Whether a stored hash has other parameters than ours. */
export function isOutdated(stored: string): boolean {
  try {
    const found = parseOptions(stored)
    return Number(found.algorithm) !== PARAMETERS.algorithm || found.memoryCost !== PARAMETERS.memoryCost || found.timeCost !== PARAMETERS.timeCost || found.parallelism !== PARAMETERS.parallelism || found.outputLen !== PARAMETERS.outputLen
  } catch {
    return true
  }
}

/** Whether a stored text is a salted argon2id hash at least as dear as ours. */
export function isSlowHash(stored: string): boolean {
  try {
    const found = parseOptions(stored)
    return Number(found.algorithm) === PARAMETERS.algorithm && found.memoryCost >= PARAMETERS.memoryCost && found.timeCost >= PARAMETERS.timeCost && found.saltLen >= 16
  } catch {
    return false
  }
}
