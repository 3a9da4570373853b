import { z } from 'zod'
import { STATES } from '@vouchsafe/verify'
import { CONTROLS, requirementsOf } from '#core/control'
import { VouchsafeError } from '#core/errors'
import { routesOf } from '#core/module'
import { addNote, claimStandings, shownVersion, wordingHistory, wordingsOf, type ClaimStanding } from '#core/page'
import { spine } from './contract.ts'
import { cut, pageOf, PageQuery } from './cursor.ts'
import { decidingPerson } from './deciding.ts'
import type { SpineParts } from './parts.ts'

const route = routesOf(spine)
const ClaimId = z.string().regex(/^[0-9a-hjkmnp-tv-z]{16}$/, 'a claim id: 16 letters and digits')

const ClaimOut = z.object({
  id: z.string(),
  text: z.string(),
  digest: z.string(),
  section: z.array(z.string()),
  strength: z.string(),
  scope: z.string().optional(),
  controls: z.array(z.string()),
  state: z.string(),
  underlying: z.string(),
  byControl: z.record(z.string(), z.string()),
  bindings: z.array(z.object({ digest: z.string(), check: z.string(), start: z.string(), cadenceSeconds: z.number(), lastSlot: z.number() })),
  attestations: z.array(z.object({ digest: z.string(), role: z.string(), from: z.string(), until: z.string() })),
})

const present = ({ wording, result, backings, attestations }: ClaimStanding): z.infer<typeof ClaimOut> => ({
  id: wording.claimId,
  text: wording.text,
  digest: wording.digest,
  section: [...wording.section],
  strength: wording.strength,
  ...(wording.scope === undefined ? {} : { scope: wording.scope }),
  controls: [...wording.controls],
  state: result.state,
  underlying: result.underlying,
  byControl: { ...result.byControl },
  bindings: backings.map(({ binding }) => ({ digest: binding.digest, check: binding.checkId, start: binding.predicate.start, cadenceSeconds: binding.cadenceSeconds, lastSlot: binding.lastSlot })),
  attestations: attestations.map((attestation) => ({ digest: attestation.digest, role: attestation.role, from: attestation.from.toISOString(), until: (attestation.endedAt ?? attestation.until).toISOString() })),
})

export function claimRoutes({ db, claimBundle, refresh, naming }: SpineParts) {
  const offered = async (at: Date): Promise<ClaimStanding[]> => {
    const shown = await shownVersion(db)
    if (!shown) return []
    return claimStandings(db, (await wordingsOf(db, shown.version.id)).filter((wording) => wording.offered), at)
  }
  const requireClaim = async (id: string, at: Date): Promise<ClaimStanding> => {
    const found = (await offered(at)).find((standing) => standing.wording.claimId === id)
    if (found) return found
    const history = await wordingHistory(db, id)
    throw new VouchsafeError('not-found', history.length === 0 ? `There is no claim ${id}.` : `Claim ${id} is not on the page any more.`, { mend: 'See /api/v1/claims for those that are.' })
  }
  return [
    route({
      on: 'GET /claims',
      permit: 'anyone',
      summary: 'The claims on the page, each with its state',
      query: PageQuery.extend({ state: z.enum(STATES).optional(), control: z.string().max(60).optional() }),
      reply: pageOf(ClaimOut),
      async handle({ query, at }) {
        const items = (await offered(at)).map(present).filter((claim) => (query.state === undefined || claim.state === query.state) && (query.control === undefined || claim.controls.includes(query.control)))
        return { body: cut(items, query, (item) => item.id) }
      },
    }),
    route({
      on: 'GET /claims/{id}',
      permit: 'anyone',
      summary: 'One claim, its state and what it rests on',
      params: z.object({ id: ClaimId }),
      reply: ClaimOut,
      async handle({ params, at }) {
        return { body: present(await requireClaim(params.id, at)) }
      },
    }),
    route({
      on: 'GET /claims/{id}/bundle',
      permit: 'anyone',
      summary: 'Everything that a stranger needs to verify one claim',
      params: z.object({ id: ClaimId }),
      reply: z.unknown(),
      async handle({ params }) {
        return { body: await claimBundle(params.id) }
      },
    }),
    route({
      on: 'POST /claims/{id}/note',
      permit: 'claim.note',
      summary: 'Put a public note on a claim: cause, mend-by date, role',
      params: z.object({ id: ClaimId }),
      body: z.strictObject({ cause: z.string().min(1).max(500), mendBy: z.iso.datetime(), role: z.string().min(1).max(100) }),
      reply: z.object({ ok: z.boolean() }),
      async handle({ params, body, actor, access, at }) {
        const { result } = await requireClaim(params.id, at)
        access.requireWritable('claim', ['note'])
        if (result.underlying !== 'broken') throw new VouchsafeError('conflict', `This claim is ${result.state}; a promise to mend belongs to a broken one.`)
        await addNote(db, await decidingPerson(actor, naming), { claimId: params.id, cause: body.cause, mendBy: new Date(body.mendBy), role: body.role })
        await refresh()
        return { body: { ok: true } }
      },
    }),
    route({
      on: 'GET /controls',
      permit: 'anyone',
      summary: 'The control catalogue, with what each meets in the frameworks',
      reply: z.object({ items: z.array(z.object({ id: z.string(), family: z.string(), title: z.string(), automation: z.string(), requirements: z.array(z.string()) })) }),
      async handle() {
        return { body: { items: CONTROLS.map((control) => ({ id: control.id, family: control.family, title: control.title, automation: control.automation, requirements: requirementsOf(control.id).map((requirement) => requirement.label) })) } }
      },
    }),
  ]
}
