import { VouchsafeError } from '#core/errors'
import type { FetchAnswer } from './fetch.ts'
import type { Subject } from './path.ts'
import { readXml } from './xml.ts'

const MAX_DEPTH = 200 // deeper JSON than any interface returns; our own walks over it recurse

/**
 * Makes an answer readable to paths. Without `read` the form follows the content type.
 * @throws VouchsafeError `bad-input` when the body is not of the form that it should have
 */
export function readAnswer(answer: FetchAnswer, read: 'json' | 'xml' | 'text' | undefined): Subject {
  const type = (answer.headers['content-type'] ?? '').toLowerCase()
  const text = new TextDecoder('utf-8').decode(answer.body)
  const form = read ?? (/[/+]json\b|x-amz-json/.test(type) ? 'json' : /[/+]xml\b/.test(type) && !/html/.test(type) ? 'xml' : 'text')
  return { status: answer.status, header: (name) => answer.headers[name], text, ...bodyOf(text, form, type) }
}

function bodyOf(text: string, form: 'json' | 'xml' | 'text', type: string): { body: unknown; loneIsList: boolean } {
  if (form === 'text' || text.trim() === '') return { body: undefined, loneIsList: false }
  if (form === 'xml') return { body: readXml(text), loneIsList: true }
  try {
    const body: unknown = JSON.parse(text)
    if (isDeeperThan(body, MAX_DEPTH)) throw new VouchsafeError('bad-input', `The answer nests deeper than ${MAX_DEPTH}.`)
    return { body, loneIsList: false }
  } catch (cause) {
    if (cause instanceof VouchsafeError) throw cause
    throw new VouchsafeError('bad-input', `The answer is not JSON${type === '' ? '' : ` (it says ${type.slice(0, 60)})`}.`, { cause, mend: 'Look at the address: a sign-in page or a proxy may have answered.' })
  }
}

function isDeeperThan(value: unknown, limit: number): boolean {
  const waiting: { value: unknown; depth: number }[] = [{ value, depth: 0 }]
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    if (next.depth > limit) return true
    if (typeof next.value === 'object' && next.value !== null) for (const member of Object.values(next.value)) if (typeof member === 'object') waiting.push({ value: member, depth: next.depth + 1 })
  }
  return false
}
