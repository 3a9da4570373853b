import { createHash, createHmac, timingSafeEqual } from 'node:crypto'
import type { IncomingMessage } from 'node:http'

const sha256 = (bytes: string | Uint8Array) => createHash('sha256').update(bytes).digest('hex')
const hmac = (key: string | Uint8Array, text: string) => createHmac('sha256', key).update(text).digest()
const escape = (text: string) => encodeURIComponent(text).replace(/[!'()*]/g, (letter) => '%' + letter.charCodeAt(0).toString(16).toUpperCase())

/**
 * Checks a request as AWS does: Signature Version 4, the server's side, written from AWS's description of the canonical
 * request. Every header that AWS demands must be signed, the body must have the digest it claims, the time must be near.
 * @returns why it is refused, or undefined
 */
export function refuseSignature(request: IncomingMessage, body: Uint8Array, keys: { id: string; secret: string; region: string; service: string }): string | undefined {
  const match = /^AWS4-HMAC-SHA256 Credential=([^/]+)\/(\d{8})\/([^/]+)\/([^/]+)\/aws4_request, ?SignedHeaders=([a-z0-9;-]+), ?Signature=([0-9a-f]{64})$/.exec(request.headers.authorization ?? '')
  if (match === null) return 'MissingSecurityHeader'
  const [, id = '', day = '', region = '', service = '', signed = '', signature = ''] = match
  if (id !== keys.id || region !== keys.region || service !== keys.service) return 'InvalidAccessKeyId'
  const names = signed.split(';')
  if (!names.includes('host') || !names.includes('x-amz-date')) return 'UnsignedHeaders'
  if (Object.keys(request.headers).some((name) => name.startsWith('x-amz-') && !names.includes(name))) return 'UnsignedHeaders'
  const date = String(request.headers['x-amz-date'])
  const at = Date.parse(date.replace(/^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/, '$1-$2-$3T$4:$5:$6Z'))
  if (!date.startsWith(day) || !(Math.abs(Date.now() - at) < 15 * 60_000)) return 'RequestTimeTooSkewed'
  const claimed = request.headers['x-amz-content-sha256']
  const payload = service === 's3' ? String(claimed) : sha256(body)
  if (service === 's3' && claimed !== 'UNSIGNED-PAYLOAD' && claimed !== sha256(body)) return 'XAmzContentSHA256Mismatch'
  const url = new URL(request.url ?? '/', 'http://x')
  const path = service === 's3' ? url.pathname : url.pathname.split('/').map(escape).join('/')
  const query = [...url.searchParams].map(([name, value]) => `${escape(name)}=${escape(value)}`).toSorted().join('&')
  const headers = names.map((name) => `${name}:${String(request.headers[name] ?? '').trim().replace(/ +/g, ' ')}\n`).join('')
  const canonical = [request.method, path, query, headers, signed, payload].join('\n')
  const scope = `${day}/${region}/${service}/aws4_request`
  const key = ['aws4_request'].reduce(hmac, [region, service].reduce<Buffer>(hmac, hmac('AWS4' + keys.secret, day)))
  const expected = hmac(key, ['AWS4-HMAC-SHA256', date, scope, sha256(canonical)].join('\n'))
  return timingSafeEqual(expected, Buffer.from(signature, 'hex')) ? undefined : 'SignatureDoesNotMatch'
}
