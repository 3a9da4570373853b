import { Temporal } from 'temporal-polyfill'
import type { Instant } from '#core/clock'
import { VouchsafeError } from '#core/errors'
import { parseDate } from './calendar.ts'
import type { Calendar } from './calendar.ts'
import { dueAt } from './due.ts'
import type { Duration } from './duration.ts'
import { startOfDate } from './working.ts'

/** Until when a person's word counts: a time from the day it is given, or a stated last day. */
export type Validity = { readonly within: Duration } | { readonly lastDay: string }

export interface AttestationExpiry {
  /** The attestation counts before this instant, and at it no longer: the state function compares the same way. */
  readonly expiresAt: Instant
  /** When the attester is told, in order; never before the attestation was given. */
  readonly warnAt: readonly Instant[]
  readonly state: 'valid' | 'warned' | 'expired'
}

/** A month is time to plan a review, a week to do it. */
const LEAD_DAYS = [30, 7]

/** An attestation must lapse while somebody still remembers what it rested on (controls.md: "with an expiry date"). */
const LONGEST_YEARS = 3

/**
 * When an attestation ends, and when to ask for the next one. One shorter than both leads is warned about when four
 * fifths of its time are gone.
 * @throws VouchsafeError `bad-input` for an end before the attestation or more than three years after it
 */
export function attestationExpiry(attestedAt: Instant, validity: Validity, calendar: Calendar, at: Instant): AttestationExpiry {
  const from = attestedAt.getTime()
  const end =
    'within' in validity
      ? dueAt(validity.within, calendar, attestedAt).getTime()
      : startOfDate(calendar, parseDate(validity.lastDay, '/lastDay').add({ days: 1 }))
  const latest = Temporal.Instant.fromEpochMilliseconds(from).toZonedDateTimeISO(calendar.timeZone).add({ years: LONGEST_YEARS, days: 1 }).epochMilliseconds
  if (end <= from) throw new VouchsafeError('bad-input', 'The attestation would expire before it is given.', { mend: 'Choose a later day.' })
  if (end > latest) {
    throw new VouchsafeError('bad-input', `An attestation counts for at most ${LONGEST_YEARS} years.`, { mend: 'Choose an earlier day, and attest again then.' })
  }
  const leads = LEAD_DAYS.map((days) => end - days * 86_400_000).filter((instant) => instant > from)
  const warnings = leads.length > 0 ? leads : [from + Math.floor((end - from) * 0.8)]
  const now = at.getTime()
  return {
    expiresAt: new Date(end),
    warnAt: warnings.map((instant) => new Date(instant)),
    state: now >= end ? 'expired' : warnings.some((instant) => now >= instant) ? 'warned' : 'valid',
  }
}
