import { VerifyError } from '../errors.ts'

/** Bounds for one visit to a server that may be hostile. */
export interface FetchLimits {
  /** One answer, from the first byte sent to the last received. */
  timeoutMs: number
  /** The whole visit. */
  totalMs: number
  /** All answers together. */
  totalBytes: number
}

// A page of some hundred claims over a slow line; a server that needs more than this is not answering readers.
export const FETCH_LIMITS: FetchLimits = { timeoutMs: 30_000, totalMs: 10 * 60_000, totalBytes: 512 * 1024 * 1024 }

const MAX_REDIRECTS = 3
const AT_ONCE = 4

/** Fetches from one web origin, within limits. Redirects stay on that origin: a page must not send us elsewhere. */
export class Fetching {
  readonly origin: string
  readonly #limits: FetchLimits
  readonly #end: AbortSignal
  #bytes = 0

  constructor(origin: string, limits: FetchLimits = FETCH_LIMITS) {
    this.origin = origin
    this.#limits = limits
    this.#end = AbortSignal.timeout(limits.totalMs)
  }

  /**
   * @param path of this origin, or a full address on it
   * @throws VerifyError `unreachable`, `too-large`, or `untrusted` for a redirect elsewhere
   */
  async get(path: string, maxBytes: number): Promise<{ bytes: Uint8Array; type: string; url: URL }> {
    let url = new URL(path, this.origin)
    for (let hops = 0; hops <= MAX_REDIRECTS; hops++) {
      if (url.origin !== this.origin) throw new VerifyError('untrusted', `${shown(url)} is not on ${this.origin}, and was not asked`)
      const signal = AbortSignal.any([AbortSignal.timeout(this.#limits.timeoutMs), this.#end])
      let response: Response
      try {
        response = await fetch(url, { redirect: 'manual', signal, headers: { accept: '*/*', 'user-agent': 'vouchsafe-verify' } })
      } catch (cause) {
        throw new VerifyError('unreachable', `${shown(url)}: ${reason(cause)}`, { cause })
      }
      const location = response.headers.get('location')
      if (response.status >= 300 && response.status < 400 && location !== null) {
        await response.body?.cancel()
        try {
          url = new URL(location, url)
        } catch {
          throw new VerifyError('unreachable', `${shown(url)} redirects to no address`)
        }
        continue
      }
      if (response.status !== 200) {
        await response.body?.cancel()
        throw new VerifyError('unreachable', `${shown(url)} answered ${response.status}`)
      }
      return { bytes: await this.#read(response, url, maxBytes), type: response.headers.get('content-type') ?? '', url }
    }
    throw new VerifyError('unreachable', `${shown(url)}: more than ${MAX_REDIRECTS} redirects`)
  }

  async #read(response: Response, url: URL, maxBytes: number): Promise<Uint8Array> {
    const parts: Uint8Array[] = []
    let length = 0
    try {
      for await (const part of response.body ?? []) {
        length += part.length
        this.#bytes += part.length
        // Counted after decompression: a small answer may unfold into a large one.
        if (length > maxBytes || this.#bytes > this.#limits.totalBytes) throw new VerifyError('too-large', `${shown(url)} is larger than ${maxBytes} bytes`)
        parts.push(part)
      }
    } catch (cause) {
      if (cause instanceof VerifyError) throw cause
      throw new VerifyError('unreachable', `${shown(url)}: ${reason(cause)}`, { cause })
    }
    return Uint8Array.from(Buffer.concat(parts))
  }
}

/** Runs `work` over all items, a few at a time, and keeps their order. */
export async function eachOf<T, R>(items: readonly T[], work: (item: T) => Promise<R>): Promise<R[]> {
  const results: R[] = Array.from({ length: items.length })
  let next = 0
  const lane = async (): Promise<void> => {
    for (let i = next++; i < items.length; i = next++) results[i] = await work(items[i] as T)
  }
  await Promise.all(Array.from({ length: Math.min(AT_ONCE, items.length) }, lane))
  return results
}

const shown = (url: URL): string => `${url.origin}${url.pathname}`.slice(0, 200)

function reason(cause: unknown): string {
  const inner = (cause as { cause?: { code?: string; message?: string } }).cause
  const text = inner?.code ?? inner?.message ?? (cause as Error).message
  return (cause as Error).name === 'TimeoutError' ? 'no answer in time' : text
}
