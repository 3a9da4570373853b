import type { Change, OrganisationDatabase } from '#core/database'
import { DAY_MS } from './retry.ts'
import type { Sealing } from './sealing.ts'
import { prune, somethingIsLeft, within } from './store.ts'

export const TIDY_JOB = 'integrations.tidy'
const SYSTEM = { kind: 'system', name: 'integrations' } as const
/** What was sent, to whom or where, and with which answer: long enough to look into a complaint. */
const ENDED_DAYS = 30
/** Letters that failed can be tried again for so long; then what they say goes too. */
export const FAILED_DAYS = 7

export type Tidying = ReturnType<typeof createTidying>

export function createTidying({ db, sealing }: { db: OrganisationDatabase; sealing: Sealing }) {
  /** Asked for by whatever is recorded here. Never inside a sibling's change: all of them would wait for this one job. */
  async function plan(tx: Change<never>): Promise<void> {
    const tomorrow = new Date((Math.floor(tx.at.getTime() / DAY_MS) + 1) * DAY_MS)
    await tx.job(TIDY_JOB, {}, { runAt: tomorrow, key: `${TIDY_JOB}:${tomorrow.toISOString().slice(0, 10)}` })
  }
  return {
    plan,
    async tidy(): Promise<void> {
      const at = db.clock.now()
      await sealing.forgetPassedDays(db.app, at)
      await db.change({ actor: SYSTEM, action: 'integrations.tidy', subject: { kind: 'integrations', id: 'organisation' } }, async (tx: Change<never>) => {
        tx.note(await prune(within(tx), { now: at, ended: new Date(at.getTime() - ENDED_DAYS * DAY_MS), failed: new Date(at.getTime() - FAILED_DAYS * DAY_MS) }))
        if (await somethingIsLeft(within(tx))) await plan(tx)
      })
    },
  }
}
