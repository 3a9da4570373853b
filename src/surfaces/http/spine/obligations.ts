import { z } from 'zod'
import { clockAt, clockText, endOf, isBreached, type ClockRun, holidaysFromIcs, listClocks, listWarnings, parseCalendar, PLAIN_CALENDAR } from '#core/obligation'
import { VouchsafeError } from '#core/errors'
import { routesOf } from '#core/module'
import { changeSettings, readSettings } from '#core/page'
import { spine } from './contract.ts'
import { decidingPerson } from './deciding.ts'
import type { SpineParts } from './parts.ts'
import { factsOf } from './visible.ts'

const route = routesOf(spine)
const YEAR_MS = 366 * 86_400_000

export function obligationRoutes({ db, naming }: SpineParts) {
  return [
    route({
      on: 'GET /obligations',
      permit: 'installation.read',
      summary: 'Promises with a clock, and the warnings of the last thirty days',
      query: z.object({ state: z.enum(['running', 'paused', 'met', 'breached', 'cancelled']).optional() }),
      reply: z.object({
        items: z.array(z.object({ id: z.string(), obligation: z.string(), subject: z.string(), state: z.string(), startedAt: z.string(), dueAt: z.string().nullable(), text: z.string(), endedAt: z.string(), kept: z.boolean() }).partial()),
        warnings: z.array(z.object({ clock: z.string(), rule: z.string(), at: z.string() })),
      }),
      async handle({ query, access, at }) {
        if (query.state !== undefined) access.requireSortable('obligation', 'state')
        const clocks = await listClocks(db)
        const items = clocks.map((clock) => ({
          id: clock.id,
          obligation: clock.obligation,
          subject: `${clock.subject.kind}:${clock.subject.id}`,
          state: clockAt(clock.run, at).kind,
          startedAt: clock.startedAt.toISOString(),
          dueAt: endOf(clock.run)?.toISOString() ?? null,
          text: clockText(clock.run, at),
          ...endOfPromise(clock.run, at),
        }))
        const warnings = await listWarnings(db, new Date(at.getTime() - 30 * 86_400_000))
        const visible = access.visibleAll('obligation', items, (item) => factsOf(item, 'startedAt', 'dueAt', 'endedAt')).filter((item) => query.state === undefined || item.state === query.state)
        const known = new Set(visible.map((item) => item.id))
        return { body: { items: visible, warnings: warnings.filter((warning) => query.state !== undefined || known.has(warning.clock)).map((warning) => ({ ...warning, at: warning.at.toISOString() })) } }
      },
    }),
    route({
      on: 'GET /calendar',
      permit: 'settings.read',
      summary: 'The calendar that business days are counted on',
      reply: z.looseObject({}),
      async handle({ access }) {
        if (!access.allows({ verb: 'read', record: 'settings', name: 'calendar', facts: {} })) throw new VouchsafeError('not-allowed', 'You may not read the calendar.', { mend: 'Ask an administrator for a role that reads it.' })
        const { calendar } = await readSettings(db)
        return { body: { ...(calendar === undefined ? PLAIN_CALENDAR : parseCalendar(calendar)) } }
      },
    }),
    route({
      on: 'PUT /calendar',
      permit: 'settings.change',
      summary: 'Set time zone, working days and holidays; clocks that run keep the calendar they began with',
      body: z.strictObject({ calendar: z.looseObject({}).optional(), ics: z.string().max(2_000_000).optional().describe('An iCalendar feed of holidays (RFC 5545).') }),
      bodyLimitBytes: 2_500_000,
      reply: z.looseObject({ ignored: z.array(z.string()) }),
      async handle({ body, actor, access, at }) {
        access.requireWritable('settings', ['calendar'])
        const feed = body.ics === undefined ? undefined : holidaysFromIcs(body.ics, { from: at.toISOString().slice(0, 10), until: new Date(at.getTime() + 3 * YEAR_MS).toISOString().slice(0, 10) })
        const given = body.calendar ?? (await readSettings(db)).calendar ?? { ...PLAIN_CALENDAR }
        const calendar = parseCalendar({ ...given, ...(feed ? { holidays: feed.holidays, holidaysKnownUntil: feed.knownUntil } : {}) })
        await changeSettings(db, await decidingPerson(actor, naming), { calendar: { ...calendar } })
        return { body: { ...calendar, ignored: (feed?.ignored ?? []).map(String) } }
      },
    }),
  ]
}

/** When a promise was met or broken, and which of the two; nothing while it runs, or where it was cancelled in time. */
function endOfPromise(run: ClockRun, at: Date): { endedAt?: string; kept?: boolean } {
  const now = clockAt(run, at)
  if (now.kind === 'met') return { endedAt: now.metAt, kept: !now.late }
  if (now.kind === 'cancelled') return now.breachedAt === null ? {} : { endedAt: now.breachedAt, kept: false }
  return isBreached(run, at) ? { endedAt: endOf(run)!.toISOString(), kept: false } : {}
}
