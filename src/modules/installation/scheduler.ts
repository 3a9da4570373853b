import { listBindings, owed, standing, type BindingRecord, type Check } from '#core/check'
import type { Instant } from '#core/clock'
import type { InstallationParts } from './parts.ts'
import { fails, holds, MINUTE, selfCheck, unknown, type Sight } from './self-check.ts'

export function schedulerCheck({ organisation, clock }: InstallationParts): Check {
  return selfCheck(
    {
      noun: 'scheduler',
      title: 'Every check is run when it is due',
      controls: ['system-monitored'],
      method: 'For every standing binding, compares the highest slot that has an entry with the slot that the clock says is open: a slot that ended must have its entry, be it only "not run".',
      cadenceSeconds: 15 * MINUTE,
      confirmations: 2,
      revision: 1,
    },
    {
      targets: () => ['standing bindings'],
      look: async () => judgeSchedule(standing(await listBindings(organisation.database)), clock.now()),
    },
  )
}

/** Pure. One slot may be under way or just over; two that ended without an entry are overdue. */
export function judgeSchedule(bindings: readonly Pick<BindingRecord, 'checkId' | 'start' | 'cadenceSeconds' | 'lastSlot'>[], at: Instant): Sight {
  if (bindings.length === 0) return unknown('nothing is bound yet')
  const late = bindings.filter(({ start, cadenceSeconds, lastSlot }) => owed({ start, cadenceSeconds }, lastSlot, at).missed.length > 1)
  if (late[0]) return fails(`${late.length} of ${bindings.length} bindings are more than one slot behind, ${late[0].checkId} first; see that the worker runs`, { late: [...new Set(late.map(({ checkId }) => checkId))] })
  return holds(`${bindings.length} bindings have an entry for every slot that is over`, { bindings: bindings.length })
}
