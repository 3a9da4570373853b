import { uuid7, type Change, type OrganisationDatabase } from '#core/database'
import type { Calendar } from './calendar.ts'
import { clockAt } from './clock-run.ts'
import { effectOf, reactTo, type Obligation } from './obligation.ts'
import { insertClock, insertEvent, insertWarning, listClocks, type KeptClock, type ObligationTables } from './store.ts'
import { warningsDue, type WarningRule } from './warning.ts'

/** Something that happened to a subject, in the words of the contracts. */
export interface Happening {
  name: string
  subject: { kind: string; id: string }
  at: Date
  /** Local date, for promises `until date`. */
  day?: string
}

/** What the owner of a promise is told, once. */
export interface Notice {
  clock: KeptClock
  obligation: Obligation
  kind: 'warning' | 'breach'
  rule: string
}

const KEEPER = { kind: 'system', name: 'obligations' } as const

/** Starts, moves and ends the clocks of all declared obligations, and finds which warnings are due. */
export class ObligationKeeper {
  readonly #db: OrganisationDatabase
  readonly #obligations: readonly (Obligation & { warnings?: readonly WarningRule[] })[]
  readonly #calendar: () => Promise<Calendar>
  constructor(parts: { db: OrganisationDatabase; obligations: readonly (Obligation & { warnings?: readonly WarningRule[] })[]; calendar(): Promise<Calendar> }) {
    this.#db = parts.db
    this.#obligations = parts.obligations
    this.#calendar = parts.calendar
  }

  /** An event that was told before changes nothing: events are delivered at least once. */
  async happened(event: Happening): Promise<void> {
    for (const obligation of this.#obligations) {
      const effect = effectOf(obligation, event.name)
      if (effect === undefined) continue
      const [last] = await listClocks(this.#db, { obligation: obligation.id, subject: event.subject })
      // A promise that was met or cancelled can be made again: then a new clock starts.
      const standing = last && (last.run.kind === 'running' || last.run.kind === 'paused' || last.run.kind === 'breached') ? last : undefined
      const run = reactTo(obligation, effect === 'started' && !standing ? undefined : (standing?.run ?? last?.run), { name: event.name, at: event.at, ...(event.day === undefined ? {} : { day: event.day }) }, await this.#calendar())
      if (run === undefined || run === standing?.run || (!standing && effect !== 'started')) continue
      const record = { actor: KEEPER, action: `obligation.${effect}`, subject: event.subject, detail: { obligation: obligation.id } }
      await this.#db.change(record, async (tx: Change<ObligationTables>) => {
        if (standing) await insertEvent(tx, standing, event.name, run, event.at)
        else await insertClock(tx, { id: uuid7(tx.at), obligation: obligation.id, subject: event.subject, run, startedAt: event.at })
      })
    }
  }

  /** Warnings and breaches that nobody was told of yet; each is told once. */
  async notices(at: Date): Promise<Notice[]> {
    const found: Notice[] = []
    for (const clock of await listClocks(this.#db)) {
      const obligation = this.#obligations.find((candidate) => candidate.id === clock.obligation)
      if (!obligation) continue
      const now = clockAt(clock.run, at)
      if (now.kind === 'breached') found.push({ clock, obligation, kind: 'breach', rule: 'breach' })
      else for (const warning of warningsDue(clock.run, at, obligation.warnings)) found.push({ clock, obligation, kind: 'warning', rule: JSON.stringify(warning.rule) })
    }
    return this.#onlyNew(found)
  }

  async #onlyNew(found: readonly Notice[]): Promise<Notice[]> {
    const fresh: Notice[] = []
    if (found.length === 0) return fresh
    const told = new Set((await this.#db.app.withTables<ObligationTables>().selectFrom('obligation.warning').select(['clock', 'rule']).execute()).map((row) => `${row.clock} ${row.rule}`))
    for (const notice of found.filter((candidate) => !told.has(`${candidate.clock.id} ${candidate.rule}`))) {
      const record = { actor: KEEPER, action: `obligation.${notice.kind}`, subject: notice.clock.subject, detail: { obligation: notice.obligation.id, rule: notice.rule } }
      if (await this.#db.change(record, (tx: Change<ObligationTables>) => insertWarning(tx, notice.clock.id, notice.rule))) fresh.push(notice)
    }
    return fresh
  }
}
