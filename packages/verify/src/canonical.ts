import { VerifyError } from './errors.ts'
import { sameBytes, textOf, utf8 } from './bytes.ts'

export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json }

// Deeper than any statement of ours; a hostile container must not exhaust the stack.
const MAX_DEPTH = 64

/**
 * JSON Canonicalization Scheme (RFC 8785), narrowed: numbers are safe integers, so that no reader has to
 * agree with ECMAScript on how to print a fraction. `undefined` members are left out.
 * @throws VerifyError `malformed` for what has no canonical form
 */
export function canonicalJson(value: unknown): string {
  return write(value, 0)
}

export const canonicalBytes = (value: unknown): Uint8Array => utf8(canonicalJson(value))

/**
 * Parses bytes that must already be canonical: the only accepted spelling of a value is the one that
 * `canonicalJson` writes, so duplicate keys, white space, escapes and key order cannot carry a second meaning.
 * @throws VerifyError `malformed` or `not-canonical`
 */
export function parseCanonical(bytes: Uint8Array): Json {
  let value: unknown
  try {
    value = JSON.parse(textOf(bytes))
  } catch (cause) {
    throw new VerifyError('malformed', 'not JSON', { cause })
  }
  if (!sameBytes(canonicalBytes(value), bytes)) throw new VerifyError('not-canonical', 'JSON that is not in canonical form (RFC 8785)')
  return value as Json
}

function write(value: unknown, depth: number): string {
  if (depth > MAX_DEPTH) throw new VerifyError('malformed', `nested deeper than ${MAX_DEPTH}`)
  switch (typeof value) {
    case 'string':
      // RFC 8785 §3.2.2.2: lone surrogates have no canonical form.
      if (!value.isWellFormed()) throw new VerifyError('malformed', 'text with a lone surrogate')
      return JSON.stringify(value)
    case 'boolean':
      return value ? 'true' : 'false'
    case 'number':
      if (!Number.isSafeInteger(value) || Object.is(value, -0)) throw new VerifyError('malformed', 'numbers are safe integers')
      return String(value)
    case 'object': {
      if (value === null) return 'null'
      // Array.from also visits holes, which `map` would print as nothing at all.
      if (Array.isArray(value)) return `[${Array.from(value, (item) => write(item, depth + 1)).join(',')}]`
      // A Date, a Map or a Uint8Array has no members to write: it would quietly become {}.
      if (!isPlain(value)) throw new VerifyError('malformed', 'only plain objects have a canonical form')
      const entries = Object.entries(value).filter(([, member]) => member !== undefined)
      // RFC 8785 §3.2.3: by UTF-16 code units, which is how `<` compares strings.
      entries.sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0))
      return `{${entries.map(([key, member]) => `${write(key, depth + 1)}:${write(member, depth + 1)}`).join(',')}}`
    }
    default:
      throw new VerifyError('malformed', `a ${typeof value} has no place in JSON`)
  }
}

function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value)
  return prototype === null || Object.getPrototypeOf(prototype) === null
}
