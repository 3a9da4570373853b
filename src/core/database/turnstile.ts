/** Lets so many in at a time; the rest wait in the order in which they came. */
export class Turnstile {
  #free: number
  readonly #waiting: (() => void)[] = []

  constructor(places: number) {
    this.#free = places
  }

  async pass<Result>(work: () => Promise<Result>): Promise<Result> {
    if (this.#free > 0) this.#free--
    else await new Promise<void>((enter) => this.#waiting.push(enter))
    try {
      return await work()
    } finally {
      // A place is handed on to whoever waits longest, without becoming free in between.
      const next = this.#waiting.shift()
      if (next) next()
      else this.#free++
    }
  }
}
