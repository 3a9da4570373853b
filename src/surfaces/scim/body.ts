import { VouchsafeError } from '#core/errors'
import { ScimRefusal } from '#modules/provisioning'
import { Declined } from './declined.ts'

const MOST_DEPTH = 16 // a resource has four levels
const LARGE_BYTES = 1024 * 1024
const LARGE_AT_ONCE = 2 // a group of 50,000 takes some ten times its size while it is read

/** Reads bodies, few large ones at a time. */
export class Bodies {
  #large = 0

  /**
   * @returns what `work` gives of the JSON in the body
   * @throws ScimRefusal `invalidSyntax`; VouchsafeError `too-large`, `rate-limited`
   */
  async with<T>(request: Request, limitBytes: number, work: (value: unknown) => Promise<T>): Promise<T> {
    requireJson(request)
    if (Number(request.headers.get('content-length') ?? 0) > limitBytes) throw tooLarge(limitBytes)
    const chunks: Uint8Array[] = []
    let length = 0
    let isLarge = false
    try {
      // Counted while it arrives: a body that lies about its length, or does not say it, is counted too.
      for await (const chunk of request.body ?? []) {
        chunks.push(chunk as Uint8Array)
        length += (chunk as Uint8Array).length
        if (length > limitBytes) throw tooLarge(limitBytes)
        if (isLarge || length <= LARGE_BYTES) continue
        if (this.#large >= LARGE_AT_ONCE) throw new VouchsafeError('rate-limited', 'Other large requests are under way.', { retryAfterSeconds: 10 })
        this.#large++
        isLarge = true
      }
      return await work(parse(Buffer.concat(chunks)))
    } finally {
      if (isLarge) this.#large--
    }
  }
}

function requireJson(request: Request): void {
  const type = request.headers.get('content-type')?.split(';')[0]?.trim().toLowerCase()
  if (type !== undefined && type !== '' && type !== 'application/scim+json' && type !== 'application/json') throw new Declined(415, 'A body is application/scim+json.')
  const encoding = request.headers.get('content-encoding')
  if (encoding !== null && encoding.toLowerCase() !== 'identity') throw new Declined(415, 'A body is sent without content-encoding.')
}

const tooLarge = (limit: number): VouchsafeError => new VouchsafeError('too-large', `The body is larger than ${limit} bytes.`, { mend: 'Send less at once.' })

function parse(bytes: Uint8Array): unknown {
  let value: unknown
  try {
    value = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes))
  } catch (cause) {
    throw new ScimRefusal('invalidSyntax', 'The body is not JSON in UTF-8.', { cause })
  }
  requirePlain(value)
  return value
}

/** Refuses what the database could not keep as it came: a NUL, half of a surrogate pair; and what is nested without end. */
function requirePlain(value: unknown): void {
  const waiting: { value: unknown; depth: number }[] = [{ value, depth: 0 }]
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    const { value: at, depth } = next
    if (typeof at === 'string' && !isPlain(at)) throw new ScimRefusal('invalidValue', 'A text holds a character that cannot be kept (NUL, or half of a surrogate pair).')
    if (typeof at !== 'object' || at === null) continue
    if (depth >= MOST_DEPTH) throw new ScimRefusal('invalidSyntax', `The body is nested deeper than ${MOST_DEPTH} levels.`)
    for (const [name, member] of Object.entries(at)) {
      if (!isPlain(name)) throw new ScimRefusal('invalidSyntax', 'A member has a name that cannot be kept.')
      waiting.push({ value: member, depth: depth + 1 })
    }
  }
}

const isPlain = (text: string): boolean => !text.includes('\u0000') && text.isWellFormed()
