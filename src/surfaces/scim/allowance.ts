import { VouchsafeError } from '#core/errors'

const MOST_KEYS = 10_000 // beyond that the one that was quiet longest is forgotten

/**
 * How often somebody may come: a bucket that fills as time goes by. Kept in memory of this process, since it guards this
 * process against a flood; it is no count that anything else rests on.
 */
export class Allowance {
  readonly #capacity: number
  readonly #perSecond: number
  readonly #buckets = new Map<string, { left: number; at: number }>()

  constructor({ capacity, perSecond }: { capacity: number; perSecond: number }) {
    this.#capacity = capacity
    this.#perSecond = perSecond
  }

  /** @throws VouchsafeError `rate-limited` with the seconds to wait */
  take(key: string, at: Date): void {
    const left = this.#left(key, at)
    if (left < 1) throw new VouchsafeError('rate-limited', 'Too many requests.', { retryAfterSeconds: (1 - left) / this.#perSecond })
    this.#buckets.delete(key)
    this.#buckets.set(key, { left: left - 1, at: at.getTime() })
    if (this.#buckets.size > MOST_KEYS) for (const [oldest] of this.#buckets) return void this.#buckets.delete(oldest)
  }

  // A clock that was set back gives nothing, and takes nothing.
  #left(key: string, at: Date): number {
    const bucket = this.#buckets.get(key)
    return bucket === undefined ? this.#capacity : Math.min(this.#capacity, bucket.left + (Math.max(0, at.getTime() - bucket.at) / 1000) * this.#perSecond)
  }
}
