import { VouchsafeError, type FieldError } from '#core/errors'

// Deeper than anything the API asks for; what follows a value down to its leaves does so by recursion.
const MOST_DEPTH = 32

/**
 * Reads a request's body.
 * @throws VouchsafeError `bad-input` for what is no JSON in UTF-8, is nested too deep, or holds text that cannot be kept
 */
export function readJson(bytes: Uint8Array): unknown {
  let value: unknown
  try {
    value = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes))
  } catch (cause) {
    throw new VouchsafeError('bad-input', 'The body is not JSON in UTF-8.', { mend: 'Send a JSON document with content-type application/json.', cause })
  }
  requirePlain(value, '')
  return value
}

/**
 * Refuses what the database could not keep as it came: a NUL, and half of a surrogate pair.
 * INVARIANT: every string of a request goes through here before a route sees it.
 * @param where JSON Pointer of the value
 */
export function requirePlain(value: unknown, where: string): void {
  const waiting: { value: unknown; pointer: string; depth: number }[] = [{ value, pointer: where, depth: 0 }]
  const refuse = (field: FieldError): never => {
    throw new VouchsafeError('bad-input', `${field.pointer || 'The body'} ${field.message}.`, { mend: 'Send plain text in UTF-8, and no deeper than /api/openapi.json shows.', fields: [field] })
  }
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    const { value: at, pointer, depth } = next
    if (typeof at === 'string' && !isPlain(at)) refuse({ pointer, message: 'holds a character that cannot be kept (NUL, or half of a surrogate pair)' })
    if (typeof at !== 'object' || at === null) continue
    if (depth >= MOST_DEPTH) refuse({ pointer: pointer.slice(0, 100), message: `is nested deeper than ${MOST_DEPTH} levels` })
    for (const [name, member] of Object.entries(at)) {
      if (!isPlain(name)) refuse({ pointer, message: 'has a member whose name cannot be kept' })
      waiting.push({ value: member, pointer: `${pointer}/${name.slice(0, 100).replaceAll('~', '~0').replaceAll('/', '~1')}`, depth: depth + 1 })
    }
  }
}

const isPlain = (text: string): boolean => !text.includes('\u0000') && text.isWellFormed()
