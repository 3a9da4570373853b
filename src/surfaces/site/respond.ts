import { Buffer } from 'node:buffer'
import { createHash } from 'node:crypto'
import { brotliCompressSync, constants, gzipSync } from 'node:zlib'

/** A page as text, before it meets a request. */
export interface Rendered {
  status: number
  headers: Readonly<Record<string, string>>
  body: string
}

/** A body with its encodings and validators made once; an answer then costs a header comparison. */
export interface Sealed {
  status: number
  headers: Readonly<Record<string, string>>
  body: Buffer
  gzip?: Buffer
  br?: Buffer
  /** Strong validator of the identity encoding, with quotes (RFC 9110 §8.8.3). */
  etag: string
}

export interface Answer {
  status: number
  headers: Record<string, string>
  body: Buffer | null
}

/** What of a request bears on the answer. */
export interface Asked {
  method?: string | undefined
  ifNoneMatch?: string | undefined
  acceptEncoding?: string | undefined
}

/** Below this a compressed body saves no packet (an Ethernet frame carries about 1,460 bytes). */
const LEAST_COMPRESSED_BYTES = 1400

/** A page changes when a check runs: half a minute keeps "4 min ago" true and takes a crowd off the server. */
const PAGE_CACHE = 'public, max-age=30, stale-while-revalidate=60'
/** For names that carry a digest of their content. */
export const FOREVER_CACHE = 'public, max-age=31536000, immutable'

/** Nothing from elsewhere, nothing inline, no framing; forms go to ourselves. */
export const CONTENT_SECURITY_POLICY =
  "default-src 'none'; style-src 'self'; font-src 'self'; script-src 'self'; connect-src 'self'; img-src 'self' data:; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"

export const SECURITY_HEADERS: Readonly<Record<string, string>> = {
  'content-security-policy': CONTENT_SECURITY_POLICY,
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'strict-origin-when-cross-origin',
  'permissions-policy': 'accelerometer=(), camera=(), display-capture=(), geolocation=(), gyroscope=(), magnetometer=(), microphone=(), midi=(), payment=(), publickey-credentials-get=(), usb=(), browsing-topics=()',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'x-frame-options': 'DENY',
}

/** An HTML document with the site's headers. Errors are not cached. */
export function htmlPage(status: number, body: string): Rendered {
  return { status, headers: { 'content-type': 'text/html; charset=utf-8', 'cache-control': status === 200 ? PAGE_CACHE : 'no-store' }, body }
}

/** A text document (Markdown, llms.txt, security.txt). */
export function textPage(type: 'text/markdown' | 'text/plain', body: string): Rendered {
  // Such a document is read at terminals too, and a policy's author must not steer them.
  // eslint-disable-next-line no-control-regex -- these are what it takes away
  const harmless = body.replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f]/g, '')
  return { status: 200, headers: { 'content-type': `${type}; charset=utf-8`, 'cache-control': PAGE_CACHE }, body: harmless }
}

/** Makes validators and encodings, once. */
export function seal(page: { status: number; headers: Readonly<Record<string, string>>; body: string | Buffer }, quality: 'quick' | 'small' = 'quick'): Sealed {
  const body = typeof page.body === 'string' ? Buffer.from(page.body, 'utf8') : page.body
  const sealed: Sealed = { status: page.status, headers: { ...SECURITY_HEADERS, ...page.headers }, body, etag: `"${digestWord(body)}"` }
  // Fonts are compressed already: packing them again makes them longer.
  if (body.length < LEAST_COMPRESSED_BYTES || /^(?:font|image\/(?!svg))/.test(page.headers['content-type'] ?? '')) return sealed
  const br = brotliCompressSync(body, { params: { [constants.BROTLI_PARAM_QUALITY]: quality === 'small' ? 11 : 4, [constants.BROTLI_PARAM_SIZE_HINT]: body.length } })
  const gzip = gzipSync(body, { level: quality === 'small' ? 9 : 6 })
  return { ...sealed, ...(br.length < body.length ? { br } : {}), ...(gzip.length < body.length ? { gzip } : {}) }
}

/** First 128 bits of SHA-256, enough for a validator or a file name. */
export function digestWord(body: Buffer): string {
  return createHash('sha256').update(body).digest('base64url').slice(0, 22)
}

/** The answer to one request: 304 where the reader has it, else the best encoding that the reader takes. */
export function answer(sealed: Sealed, asked: Asked = {}): Answer {
  const encoding = chooseEncoding(sealed, asked.acceptEncoding)
  // Each encoding is another representation, and a strong validator names one (RFC 9110 §8.8.3.3).
  const etag = encoding === undefined ? sealed.etag : `${sealed.etag.slice(0, -1)}-${encoding}"`
  const headers: Record<string, string> = { ...sealed.headers, etag, ...(sealed.br ?? sealed.gzip ? { vary: 'Accept-Encoding' } : {}) }
  if (sealed.status === 200 && matches(asked.ifNoneMatch, etag)) {
    delete headers['content-type']
    return { status: 304, headers, body: null }
  }
  const body = (encoding === undefined ? undefined : sealed[encoding]) ?? sealed.body
  if (encoding !== undefined) headers['content-encoding'] = encoding
  headers['content-length'] = String(body.length)
  return { status: sealed.status, headers, body: asked.method === 'HEAD' ? null : body }
}

/** RFC 9110 §13.1.2: weak comparison against a list, or `*`. */
function matches(ifNoneMatch: string | undefined, etag: string): boolean {
  if (ifNoneMatch === undefined) return false
  if (ifNoneMatch.trim() === '*') return true
  return ifNoneMatch.slice(0, 2000).split(',').some((tag) => tag.trim().replace(/^W\//, '') === etag)
}

/** RFC 9110 §12.5.3: an encoding with weight 0 is refused; `*` stands for those not named. */
function chooseEncoding(sealed: Sealed, accept: string | undefined): 'br' | 'gzip' | undefined {
  if (accept === undefined) return undefined
  const weights = new Map<string, number>()
  for (const item of accept.slice(0, 500).split(',')) {
    const [name = '', ...parameters] = item.trim().toLowerCase().split(/\s*;\s*/)
    const weight = parameters.map((parameter) => /^q=([\d.]+)$/.exec(parameter)?.[1]).find((value) => value !== undefined)
    weights.set(name, weight === undefined ? 1 : Number(weight))
  }
  const weightOf = (name: 'br' | 'gzip'): number => (sealed[name] === undefined ? 0 : weights.get(name) ?? weights.get('*') ?? 0)
  const [br, gzip] = [weightOf('br'), weightOf('gzip')]
  if (br > 0 && br >= gzip) return 'br'
  return gzip > 0 ? 'gzip' : undefined
}
