import { sql } from 'kysely'
import type { Check } from '#core/check'
import type { InstallationParts } from './parts.ts'
import { fails, holds, MINUTE, selfCheck, unknown, type Sight } from './self-check.ts'

/** What a clock corrected by NTP may differ by over an hour without a step (at most 500 ppm, RFC 5905 §11.3). */
const STEP_MS = 2_000

interface Reading {
  wallMs: number
  steadyMs: number
}

export function clockCheck({ organisation, clock }: InstallationParts): Check {
  const read = (): Reading => ({ wallMs: clock.now().getTime(), steadyMs: performance.now() })
  let before = read()
  return selfCheck(
    {
      noun: 'clock',
      title: 'The clock runs evenly and forward',
      controls: ['audit-log-captured', 'system-monitored'],
      method: "Compares the wall clock with the machine's steady clock since the last run, with the clock of the database, and with the time of the newest audit event. It asks nobody outside, so it cannot tell a clock that has always been wrong.",
      cadenceSeconds: 15 * MINUTE,
      confirmations: 2,
      revision: 1,
      allHold: () => 'the clock made no step, agrees with the database, and is not behind what was recorded',
    },
    {
      targets: () => ['steps', 'database', 'records'],
      look: async (target) => {
        if (target === 'steps') {
          const now = read()
          const sight = judgeStep(before, now)
          before = now
          return sight
        }
        if (target === 'database') return agrees()
        return behind()
      },
    },
  )

  async function agrees(): Promise<Sight> {
    const sentMs = clock.now().getTime()
    const { rows } = await sql<{ now: Date }>`select clock_timestamp() as now`.execute(organisation.database.app)
    const gotMs = clock.now().getTime()
    const theirs = rows[0]?.now.getTime() ?? Number.NaN
    // Within the time that the question took, and 2 s: between those nothing can be told apart.
    const offMs = Math.round(theirs < sentMs ? sentMs - theirs : Math.max(0, theirs - gotMs)) + 0
    return offMs <= STEP_MS ? holds(`within ${offMs} ms of the database`, { offMs }) : fails(`the database's clock differs by ${Math.round(offMs / 1000)} s; let both follow the same time server`, { offMs })
  }

  async function behind(): Promise<Sight> {
    const { rows } = await sql<{ newest: Date | null }>`select max(at) as newest from audit.event`.execute(organisation.database.app)
    const newest = rows[0]?.newest
    if (!newest) return unknown('nothing is recorded yet')
    const behindMs = newest.getTime() - clock.now().getTime()
    return behindMs <= STEP_MS ? holds('not behind the newest record') : fails(`the clock is ${Math.round(behindMs / 1000)} s behind the newest record; it was set back`, { behindMs })
  }
}

/** Pure. A machine that slept looks like a step forward, so that is no failure; a step back is one. */
export function judgeStep(before: Reading, now: Reading): Sight {
  // `+ 0`: rounding gives -0, which canonical JSON has no form for.
  const stepMs = Math.round(now.wallMs - before.wallMs - (now.steadyMs - before.steadyMs)) + 0
  if (stepMs < -STEP_MS) return fails(`the clock was set back by ${Math.round(-stepMs / 1000)} s since the last look; find out who or what did`, { stepMs })
  if (stepMs > STEP_MS) return unknown(`the clock jumped ahead by ${Math.round(stepMs / 1000)} s since the last look, or the machine slept`, { stepMs })
  return holds('no step since the last look', { stepMs })
}
