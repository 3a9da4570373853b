import type { Instant } from '#core/clock'
import { VouchsafeError } from '#core/errors'
import type { FieldError } from '#core/errors'
import { parseDate } from './calendar.ts'
import type { Calendar } from './calendar.ts'
import { startOfDate } from './working.ts'

/** What the page says beside a broken claim. All of it is public: a role and never a name. */
export interface MendNote {
  readonly cause: string
  /** The local date by whose end the claim will hold again. */
  readonly mendBy: string
  readonly role: string
}

export interface PromisedMend {
  readonly note: MendNote
  /** The last instant at which the promise is kept: the end of that day in the zone of the calendar. */
  readonly dueAt: Instant
  readonly state:
    | { readonly kind: 'promised' }
    | { readonly kind: 'overdue'; readonly byMs: number }
    | { readonly kind: 'kept'; readonly mendedAt: Instant; readonly late: boolean }
}

const LONGEST_CAUSE = 500
const LONGEST_ROLE = 80

/**
 * A mend note from outside, trimmed.
 * @throws VouchsafeError `bad-input` with one field error for each member to mend; a day already over is one
 */
export function parseMendNote(value: unknown, calendar: Calendar, at: Instant): MendNote {
  const source = (typeof value === 'object' && value !== null ? value : {}) as Record<string, unknown>
  const fields: FieldError[] = []
  const cause = line(source['cause'], 'cause', LONGEST_CAUSE, fields)
  const role = line(source['role'], 'role', LONGEST_ROLE, fields)
  // A role such as "Head of operations" carries no address; a name is better kept out by people, an address by us.
  if (role.includes('@')) fields.push({ pointer: '/role', message: 'This is public: give a role, not an address.' })
  let mendBy = ''
  try {
    const date = parseDate(source['mendBy'], '/mendBy')
    mendBy = date.toString()
    if (startOfDate(calendar, date.add({ days: 1 })) <= at.getTime()) fields.push({ pointer: '/mendBy', message: `The day ${mendBy} is already over.` })
  } catch (error) {
    if (!(error instanceof VouchsafeError)) throw error
    fields.push(...error.fields)
  }
  if (fields.length > 0) {
    throw new VouchsafeError('bad-input', 'The note on this mend cannot be published.', { mend: fields.map(({ message }) => message).join(' '), fields })
  }
  return { cause, mendBy, role }
}

/**
 * Where a promised mend stands. `mendedAt` is the first confirmed holding run after the break, if there is one;
 * a mend that came late stays late for good.
 */
export function promisedMend(note: MendNote, calendar: Calendar, at: Instant, mendedAt?: Instant): PromisedMend {
  const due = startOfDate(calendar, parseDate(note.mendBy, '/mendBy').add({ days: 1 }))
  const promised = { note, dueAt: new Date(due) }
  if (mendedAt && mendedAt.getTime() <= at.getTime()) return { ...promised, state: { kind: 'kept', mendedAt, late: mendedAt.getTime() > due } }
  const byMs = at.getTime() - due
  return { ...promised, state: byMs > 0 ? { kind: 'overdue', byMs } : { kind: 'promised' } }
}

function line(value: unknown, member: string, longest: number, fields: FieldError[]): string {
  const text = typeof value === 'string' ? value.trim().replaceAll(/\s+/gu, ' ') : ''
  if (text === '') fields.push({ pointer: `/${member}`, message: `The ${member} is missing.` })
  else if (text.length > longest) fields.push({ pointer: `/${member}`, message: `The ${member} is longer than ${longest} characters.` })
  // Control and direction characters could make a public line read as something else.
  else if (/[\p{Cc}\p{Bidi_Control}]/u.test(text)) fields.push({ pointer: `/${member}`, message: `The ${member} holds characters that cannot be seen.` })
  return text
}
