import { z } from 'zod'
import { chainOf, listBindings, recentSlots, slotEnd, standing, type BindingRecord } from '#core/check'
import { VouchsafeError } from '#core/errors'
import { routesOf } from '#core/module'
import { spine } from './contract.ts'
import type { SpineParts } from './parts.ts'
import { factsOf } from './visible.ts'

const route = routesOf(spine)
const CheckId = z.string().max(120)
const MOST_SLOTS = 400 // what a plot can still show as ticks of their own

const BindingOut = z.object({
  digest: z.string(),
  check: z.string(),
  claim: z.string(),
  definition: z.string(),
  start: z.string(),
  cadenceSeconds: z.number(),
  freshnessSeconds: z.number(),
  confirmations: z.number(),
  targets: z.number(),
  lastSlot: z.number(),
  predecessor: z.string().optional(),
  standing: z.boolean(),
})
const SlotOut = z.object({
  slot: z.number(),
  /** When it was due to end. */
  until: z.string(),
  verdict: z.string(),
  attempts: z.number(),
  observedAt: z.string(),
  covered: z.number(),
  declared: z.number(),
  summary: z.string(),
  run: z.string(),
  targets: z.array(z.object({ target: z.string(), verdict: z.string(), summary: z.string() })),
})

/** What checks are bound to, and what their slots say. */
export function historyRoutes({ db, underWay }: SpineParts) {
  const present = (binding: BindingRecord, live: ReadonlySet<string>): z.infer<typeof BindingOut> => ({
    digest: binding.digest,
    check: binding.checkId,
    claim: binding.claimId,
    definition: binding.predicate.check.definition,
    start: binding.start.toISOString(),
    cadenceSeconds: binding.cadenceSeconds,
    freshnessSeconds: binding.predicate.freshnessSeconds,
    confirmations: binding.predicate.confirmations,
    targets: binding.predicate.targets.count,
    lastSlot: binding.lastSlot,
    ...(binding.predecessor === undefined ? {} : { predecessor: binding.predecessor }),
    standing: live.has(binding.digest),
  })
  return [
    route({
      on: 'GET /bindings',
      permit: 'check.read',
      summary: 'Which claims a check is bound to, since when, and how far its slots have come',
      query: z.object({ check: CheckId, all: z.enum(['true', 'false']).default('false').describe('Those that were closed or continued as well.') }),
      reply: z.object({ items: z.array(BindingOut) }),
      async handle({ query, access }) {
        access.requireSortable('run', 'check')
        const every = await listBindings(db)
        const live = new Set(standing(every).map((binding) => binding.digest))
        const items = every.filter((binding) => binding.checkId === query.check && (query.all === 'true' || live.has(binding.digest)))
        return { body: { items: items.map((binding) => present(binding, live)) } }
      },
    }),
    route({
      on: 'GET /slots',
      permit: 'check.read',
      summary: 'The newest slots of a check, oldest first: one for every time it was due, gaps included',
      query: z.object({ check: CheckId, claim: z.string().max(16).optional().describe('By default the claim that it has been bound to for the longest.'), limit: z.coerce.number().int().min(1).max(MOST_SLOTS).default(200) }),
      reply: z.object({ binding: z.string().nullable(), claim: z.string().nullable(), start: z.string().nullable(), cadenceSeconds: z.number().nullable(), items: z.array(SlotOut.partial()) }),
      async handle({ query, access }) {
        access.requireSortable('run', 'check')
        const every = await listBindings(db)
        const chains = standing(every).filter((binding) => binding.checkId === query.check && (query.claim === undefined || binding.claimId === query.claim)).map((binding) => ({ binding, chain: chainOf(binding, every) }))
        const [longest] = chains.toSorted((a, b) => a.chain[0]!.start.getTime() - b.chain[0]!.start.getTime())
        if (!longest) return { body: { binding: null, claim: null, start: null, cadenceSeconds: null, items: [] } }
        const { binding, chain } = longest
        const place = new Map(chain.map((member, index) => [member.digest, { member, index }]))
        const slots = (await recentSlots(db, chain.map((member) => member.digest), query.limit))
          .toSorted((a, b) => place.get(a.binding)!.index - place.get(b.binding)!.index || a.slot - b.slot)
          .slice(-query.limit)
        const items = slots.map((slot) => {
          const until = slotEnd(place.get(slot.binding)!.member, slot.slot).toISOString()
          const own = { slot: slot.slot, until, attempts: slot.attempts, covered: slot.covered, declared: slot.declared }
          const run = { check: query.check, verdict: slot.verdict as string, attempts: slot.attempts, declared: slot.declared, ...(slot.observedAt ? { observedAt: slot.observedAt.toISOString() } : {}), ...(slot.summary === undefined ? {} : { summary: slot.summary }), ...(slot.runId === undefined ? {} : { run: slot.runId }), targets: [...slot.targets] }
          // A slot without a run tells nothing but that there was none.
          const visible = access.visible('run', run, factsOf(run, 'observedAt'))
          return visible === undefined ? { slot: own.slot, until } : { ...own, ...visible }
        })
        return { body: { binding: binding.digest, claim: binding.claimId, start: binding.start.toISOString(), cadenceSeconds: binding.cadenceSeconds, items } }
      },
    }),
    route({
      on: 'GET /tasks',
      permit: 'check.read',
      summary: 'What somebody has asked for and goes on now on this node: checks and dry runs, each with how far it has come',
      reply: z.object({ items: z.array(z.object({ kind: z.string(), what: z.string(), since: z.string(), done: z.number(), of: z.number() })) }),
      async handle({ access }) {
        if (!access.mightAllow({ verb: 'find', record: 'run' })) throw new VouchsafeError('not-allowed', 'You may not see runs.', { mend: 'Ask an administrator for a role that reads them.' })
        return { body: { items: underWay.tasks.map((task) => ({ ...task, since: task.since.toISOString() })) } }
      },
    }),
  ]
}
