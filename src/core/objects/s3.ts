import { setTimeout as sleep } from 'node:timers/promises'
import { AwsV4Signer } from 'aws4fetch'
import { VouchsafeError, messageOf } from '#core/errors'
import { requireKey, requirePrefix } from './object-store.ts'
import type { ObjectStore } from './object-store.ts'

export interface S3Options {
  bucket: string
  /** Such as https://s3.eu-central-1.amazonaws.com; no bucket in it. */
  endpoint: string
  region: string
  accessKeyId: string
  secretAccessKey: string
  sessionToken?: string
  /** Put before every key, without a slash at its end; '' for none. */
  prefix: string
  /** Address the bucket as a path, as most servers other than Amazon's want it, rather than as a host. */
  pathStyle: boolean
}

/** One request, all tries apart. S3's own clients wait as long. */
const requestWithinMs = 60_000

/** Tries at answers that say "later" (429, 500, 502, 503, 504) and at broken connections. */
const tries = 5

/** A page of a listing holds 1000 keys of at most 1024 bytes, each some 300 bytes of markup around it. */
const longestListing = 8 << 20

/**
 * Reads `s3://bucket/prefix?endpoint=https://…&region=…&path-style=true` and the customary AWS_* variables.
 * Secrets never stand in the address, which is shown and logged.
 */
export function s3OptionsFrom(address: string, environment: Record<string, string | undefined>): S3Options {
  const url = new URL(address)
  const region = url.searchParams.get('region') ?? environment['AWS_REGION'] ?? 'us-east-1'
  const accessKeyId = environment['AWS_ACCESS_KEY_ID']
  const secretAccessKey = environment['AWS_SECRET_ACCESS_KEY']
  const sessionToken = environment['AWS_SESSION_TOKEN']
  if (url.protocol !== 's3:' || url.hostname === '') throw badAddress('it should look like s3://bucket/prefix?region=…')
  if (url.username !== '' || url.password !== '') throw badAddress('it holds a secret, which belongs into AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY')
  if (!accessKeyId || !secretAccessKey) throw badAddress('AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY are not set')
  const endpoint = url.searchParams.get('endpoint')
  const prefix = decodeURIComponent(url.pathname).replace(/^\/+|\/+$/g, '')
  if (prefix !== '') requireKey(prefix)
  return {
    bucket: url.hostname,
    endpoint: (endpoint ?? `https://s3.${region}.amazonaws.com`).replace(/\/+$/, ''),
    region,
    accessKeyId,
    secretAccessKey,
    ...(sessionToken === undefined ? {} : { sessionToken }),
    prefix,
    pathStyle: url.searchParams.has('path-style') ? url.searchParams.get('path-style') !== 'false' : endpoint !== null,
  }
}

/** Objects in any store that speaks S3. Requests are signed with AWS Signature Version 4, their bodies included. */
export class S3Objects implements ObjectStore {
  readonly #options: S3Options
  readonly #base: string

  constructor(options: S3Options) {
    this.#options = options
    const url = new URL(options.endpoint)
    this.#base = options.pathStyle ? `${options.endpoint}/${options.bucket}` : `${url.protocol}//${options.bucket}.${url.host}`
  }

  async get(key: string): Promise<Buffer | undefined> {
    const answer = await this.#send('GET', this.#address(key))
    return answer.status === 404 ? undefined : Buffer.from(await answer.arrayBuffer())
  }

  async head(key: string): Promise<{ sizeBytes: number } | undefined> {
    const answer = await this.#send('HEAD', this.#address(key))
    return answer.status === 404 ? undefined : { sizeBytes: Number(answer.headers.get('content-length')) }
  }

  async put(key: string, bytes: Uint8Array): Promise<void> {
    await this.#send('PUT', this.#address(key), bytes)
  }

  /**
   * Conditional writes (`If-None-Match: *`). A try that was answered late may have been written by the try before:
   * then what lies there is compared.
   */
  async putIfAbsent(key: string, bytes: Uint8Array): Promise<boolean> {
    const answer = await this.#send('PUT', this.#address(key), bytes, { 'if-none-match': '*' })
    if (answer.status !== 412) return true
    if (answer.tries === 1) return false
    return (await this.get(key))?.equals(bytes) ?? false
  }

  async delete(key: string): Promise<void> {
    await this.#send('DELETE', this.#address(key))
  }

  async *list(prefix: string): AsyncIterable<string> {
    requirePrefix(prefix)
    const own = this.#options.prefix === '' ? '' : this.#options.prefix + '/'
    for (let token: string | undefined; ; ) {
      const query = new URLSearchParams({ 'list-type': '2', prefix: own + prefix, ...(token === undefined ? {} : { 'continuation-token': token }) })
      const answer = await this.#send('GET', `${this.#base}/?${query.toString().replaceAll('+', '%20')}`)
      const text = await answer.text()
      if (answer.status === 404 || text.length > longestListing) throw this.#failure(`listing ${prefix}`, answer.status, text)
      const page = readListing(text)
      for (const key of page.keys) if (key.startsWith(own)) yield key.slice(own.length)
      if (page.next === undefined) return
      token = page.next
    }
  }

  describe(): string {
    return `S3 bucket ${this.#options.bucket}${this.#options.prefix === '' ? '' : `/${this.#options.prefix}`} at ${new URL(this.#options.endpoint).host}`
  }

  #address(key: string): string {
    requireKey(key)
    const full = this.#options.prefix === '' ? key : `${this.#options.prefix}/${key}`
    return `${this.#base}/${full.split('/').map(encodeURIComponent).join('/')}`
  }

  /** Sends until an answer settles it. 404 and 412 are answers; everything else but success is an error. */
  async #send(method: string, address: string, body?: Uint8Array, headers: Record<string, string> = {}): Promise<Response & { tries: number }> {
    const { accessKeyId, secretAccessKey, sessionToken, region } = this.#options
    for (let attempt = 1; ; attempt++) {
      let why: { status: number; text: string; cause?: unknown }
      try {
        const bytes = body === undefined ? undefined : new Uint8Array(body) // a copy in a buffer of its own, as fetch wants it
        const signed = await new AwsV4Signer({
          method, url: address, headers, service: 's3', region, accessKeyId, secretAccessKey,
          ...(bytes === undefined ? {} : { body: bytes }),
          ...(sessionToken === undefined ? {} : { sessionToken }),
        }).sign()
        const answer = await fetch(signed.url, {
          method, headers: signed.headers, redirect: 'error', signal: AbortSignal.timeout(requestWithinMs), ...(bytes === undefined ? {} : { body: bytes }),
        })
        if (answer.ok || answer.status === 404 || answer.status === 412) return Object.assign(answer, { tries: attempt })
        why = { status: answer.status, text: (await answer.text()).slice(0, 2000) }
      } catch (cause) {
        why = { status: 0, text: messageOf(cause), cause }
      }
      // 409 is how a conditional write says that another is under way.
      const later = why.status === 0 || why.status === 409 || why.status === 429 || why.status >= 500
      if (!later || attempt >= tries) throw this.#failure(`${method} ${new URL(address).pathname}`, why.status, why.text, why.cause)
      await sleep(Math.random() * 100 * 2 ** attempt)
    }
  }

  #failure(what: string, status: number, text: string, cause?: unknown): VouchsafeError {
    const code = /<Code>([A-Za-z]{1,60})<\/Code>/.exec(text)?.[1]
    const said = status === 0 ? text : `${status}${code === undefined ? '' : ` ${code}`}`
    return new VouchsafeError('unavailable', `${this.describe()}: ${what} failed: ${said}.`, {
      mend:
        status === 403 || status === 401
          ? 'Check the access key, its rights on the bucket, and the clock of this machine.'
          : status === 404
            ? 'Create the bucket, or correct its name.'
            : 'Check the endpoint and the network; it is tried again at the next use.',
      cause,
    })
  }
}

/** Reads a ListObjectsV2 answer. The document is flat and its values hold no markup, so no XML reader (and none of its traps) is needed. */
export function readListing(xml: string): { keys: string[]; next: string | undefined } {
  const keys = [...xml.matchAll(/<Contents>.*?<Key>([^<]*)<\/Key>.*?<\/Contents>/gs)].map((match) => plainText(match[1] ?? ''))
  const more = /<IsTruncated>true<\/IsTruncated>/.test(xml)
  const token = /<NextContinuationToken>([^<]*)<\/NextContinuationToken>/.exec(xml)?.[1]
  return { keys, next: more && token !== undefined ? plainText(token) : undefined }
}

function plainText(xml: string): string {
  const named: Record<string, string> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" }
  return xml.replace(/&(?:#(\d{1,7})|#x([0-9a-f]{1,6})|([a-z]{2,4}));/gi, (all, decimal?: string, hex?: string, name?: string) => {
    const point = decimal !== undefined ? Number(decimal) : hex !== undefined ? Number.parseInt(hex, 16) : undefined
    if (point !== undefined) return point <= 0x10ffff ? String.fromCodePoint(point) : all
    return named[name ?? ''] ?? all
  })
}

function badAddress(why: string): VouchsafeError {
  return new VouchsafeError('bad-input', `The address of the object store cannot be used: ${why}.`, {
    mend: 'Write s3://bucket/prefix?endpoint=https://host&region=name, with the keys in the environment.',
  })
}
