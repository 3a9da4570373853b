import { isVouchsafeError, messageOf } from '#core/errors'
import type { CustomFetch } from 'openid-client'
import { Refusal } from './refusal.ts'
import type { FederationParts } from './parts.ts'

/** Discovery documents are some 5 kB, key sets 20 kB, metadata of a SAML provider 30 kB. */
const MOST_BYTES = 256 * 1024
const TIMEOUT_MS = 8_000

/** Calls to identity providers, by the one way out: no redirects, no private addresses unless the operator allows them. */
export class Calling {
  readonly #parts: Pick<FederationParts, 'fetch' | 'allowPrivate'>
  constructor(parts: Pick<FederationParts, 'fetch' | 'allowPrivate'>) {
    this.#parts = parts
  }

  /** @throws Refusal `provider-away` */
  async json(url: string): Promise<unknown> {
    const { status, body } = await this.#call(url, { headers: { accept: 'application/json' } })
    if (status !== 200) throw new Refusal('provider-away', `${new URL(url).host} answers ${status}`)
    try {
      return JSON.parse(body.toString('utf8'))
    } catch (cause) {
      throw new Refusal('provider-away', `${new URL(url).host} answers with what is no JSON`, cause)
    }
  }

  /** @throws Refusal `provider-away` */
  async text(url: string): Promise<string> {
    const { status, body } = await this.#call(url, {})
    if (status !== 200) throw new Refusal('provider-away', `${new URL(url).host} answers ${status}`)
    return body.toString('utf8')
  }

  /** As openid-client wants it. */
  get asFetch(): CustomFetch {
    return async (url, { method, headers, body, signal }) => {
      const sent = body instanceof URLSearchParams ? body.toString() : typeof body === 'string' ? body : undefined
      const answer = await this.#call(url, { method: method as 'GET' | 'POST', headers, ...(sent === undefined ? {} : { body: sent }), ...(signal === undefined ? {} : { signal }) })
      const given = Object.entries(answer.headers).flatMap(([name, value]) => (value === undefined || name === 'content-encoding' || name === 'content-length' ? [] : [[name, Array.isArray(value) ? value.join(', ') : value] as [string, string]]))
      return new Response([204, 304].includes(answer.status) ? null : new Uint8Array(answer.body), { status: answer.status, headers: given })
    }
  }

  async #call(url: string, options: { method?: 'GET' | 'POST'; headers?: Record<string, string>; body?: string; signal?: AbortSignal }) {
    try {
      return await this.#parts.fetch(url, { ...options, allowPrivate: this.#parts.allowPrivate, maxBytes: MOST_BYTES, timeoutMs: TIMEOUT_MS, maxRedirects: 0 })
    } catch (error) {
      if (isVouchsafeError(error)) throw new Refusal('provider-away', error.message, error)
      throw new Refusal('provider-away', messageOf(error), error)
    }
  }
}
