import { z } from 'zod'
import { VouchsafeError } from '#core/errors'
import { routesOf } from '#core/module'
import { claimOwners, claimStandings, latestNotes, noteOn, setClaimOwner, shownVersion, stateChanges, statesByDay, wordingsOf, type StateChange } from '#core/page'
import { spine } from './contract.ts'
import { decidingPerson } from './deciding.ts'
import type { SpineParts } from './parts.ts'
import { standingOf, type Standing } from './standing.ts'
import { factsOf } from './visible.ts'

const route = routesOf(spine)
const DAY_MS = 86_400_000
const HISTORY_DAYS = 90 // as far back as the page itself shows
const MOST_CHANGES = 200
const ClaimId = z.string().regex(/^[0-9a-hjkmnp-tv-z]{16}$/, 'a claim id: 16 letters and digits')
const Counts = z.record(z.string(), z.number())
const StandingOut = z.object({
  id: z.string(),
  text: z.string(),
  section: z.array(z.string()),
  strength: z.string(),
  controls: z.array(z.string()),
  checks: z.array(z.string()),
  state: z.string(),
  underlying: z.string(),
  since: z.string(),
  freshUntil: z.string(),
  late: z.boolean(),
  attestedUntil: z.string(),
  note: z.object({ cause: z.string(), mendBy: z.string(), role: z.string() }),
  owner: z.string(),
  ownerName: z.string(),
  ownerVersion: z.number(),
})

export function overviewRoutes({ db, naming, people }: SpineParts) {
  const standingsAt = async (at: Date): Promise<{ shown: Awaited<ReturnType<typeof shownVersion>>; standings: Standing[]; changes: StateChange[] }> => {
    const shown = await shownVersion(db)
    if (!shown) return { shown, standings: [], changes: [] }
    const offered = (await wordingsOf(db, shown.version.id)).filter((wording) => wording.offered)
    const [claims, owners, notes, changes] = await Promise.all([claimStandings(db, offered, at), claimOwners(db), latestNotes(db), stateChanges(db, new Date(at.getTime() - HISTORY_DAYS * DAY_MS))])
    const byClaim = Map.groupBy(changes, (change) => change.claimId)
    const standings = claims.map((claim) => {
      const note = notes.get(claim.wording.claimId)
      return standingOf(claim, { owner: owners.get(claim.wording.claimId), note: note && noteOn(claim, note, at) ? note : undefined, changes: byClaim.get(claim.wording.claimId) ?? [], at })
    })
    return { shown, standings, changes }
  }
  return [
    route({
      on: 'GET /overview',
      permit: 'claim.read',
      summary: 'How the claims stand, how they stood, what has changed, and who answers for what',
      query: z.object({ since: z.iso.datetime().optional().describe('Changes since then; by default of the last week.') }),
      reply: z.object({
        shown: z.object({ slug: z.string(), number: z.number(), title: z.string(), status: z.string() }).nullable(),
        counts: Counts,
        claims: z.array(StandingOut.partial()),
        history: z.array(z.object({ day: z.string(), counts: Counts })),
        changes: z.array(z.object({ at: z.string(), claim: z.string(), text: z.string().optional(), from: z.string().optional(), to: z.string() })),
      }),
      async handle({ query, access, at }) {
        const { shown, standings, changes } = await standingsAt(at)
        const facts = (claim: Standing) => factsOf(claim, 'since', 'freshUntil', 'attestedUntil')
        const visible = access.visibleAll('claim', standings, facts)
        // Counts and plots are of what may be seen: a number must not tell of a claim that a list hides.
        const seeing = new Set(standings.filter((claim) => access.allows({ verb: 'read', record: 'claim', name: 'state', facts: facts(claim) })).map((claim) => claim.id))
        const texts = new Map(visible.flatMap((claim) => (claim.id === undefined || claim.text === undefined ? [] : [[claim.id, claim.text] as const])))
        const days = await statesByDay(db, new Date(at.getTime() - HISTORY_DAYS * DAY_MS))
        const everSeen = (id: string): boolean => seeing.has(id) || (!standings.some((claim) => claim.id === id) && access.allows({ verb: 'read', record: 'claim', name: 'state', facts: { id } }))
        const owners = await people.findAll([...new Set(visible.flatMap((claim) => claim.owner ?? []))])
        const names = new Map(owners.flatMap((person): [string, string][] => (access.allows({ verb: 'read', record: 'person', name: 'displayName', facts: { ...person } }) ? [[person.id, person.displayName]] : [])))
        const since = query.since === undefined ? new Date(at.getTime() - 7 * DAY_MS) : new Date(query.since)
        const counts = count(standings.filter((claim) => seeing.has(claim.id)).map((claim) => claim.state))
        // Today is not over: it stands as it is now, whether or not the page has said so in the log yet.
        const today = at.toISOString().slice(0, 10)
        const history = days.filter(({ day }) => day !== today).map(({ day, states }) => ({ day, counts: count([...states].flatMap(([id, state]) => (everSeen(id) ? [state] : []))) }))
        return {
          body: {
            shown: shown ? { slug: shown.version.slug, number: shown.version.number, title: shown.version.title, status: shown.status } : null,
            counts,
            claims: visible.map((claim) => ({ ...claim, ...(claim.owner !== undefined && names.has(claim.owner) ? { ownerName: names.get(claim.owner)! } : {}) })),
            history: shown ? [...history, { day: today, counts }] : history,
            changes: changes
              .filter((change) => change.at >= since && change.from !== undefined && seeing.has(change.claimId))
              .slice(-MOST_CHANGES)
              .reverse()
              .map((change) => ({ at: change.at.toISOString(), claim: change.claimId, ...(texts.has(change.claimId) ? { text: texts.get(change.claimId)! } : {}), ...(change.from === undefined ? {} : { from: change.from }), to: change.to })),
          },
        }
      },
    }),
    route({
      on: 'PUT /claims/{id}/owner',
      permit: 'claim.own',
      summary: 'Say who answers for a claim: they are told before it turns stale or expires',
      params: z.object({ id: ClaimId }),
      body: z.strictObject({ person: z.uuid().nullable().describe('Id of a person; null: nobody.') }),
      reply: z.object({ owner: z.string().nullable(), ownerVersion: z.number() }),
      async handle({ params, body, actor, access, at, ifMatch }) {
        const { standings } = await standingsAt(at)
        const claim = standings.find((candidate) => candidate.id === params.id)
        if (!claim || !access.allows({ verb: 'find', record: 'claim', facts: factsOf(claim) })) throw new VouchsafeError('not-found', `There is no claim ${params.id} on the page.`)
        access.requireWritable('claim', ['owner'], factsOf(claim, 'since', 'freshUntil', 'attestedUntil'))
        if (body.person !== null) {
          const person = await people.find(body.person)
          if (person?.kind !== 'person' || person.state !== 'active') throw new VouchsafeError('bad-input', 'Only somebody who is active here can answer for a claim.', { fields: [{ pointer: '/person', message: 'is nobody who is active here' }] })
        }
        const based = ifMatch === undefined || !/^\d{1,9}$/.test(ifMatch) ? undefined : Number(ifMatch)
        const owner = await setClaimOwner(db, await decidingPerson(actor, naming), { claimId: params.id, ...(body.person === null ? {} : { person: body.person }), ...(based === undefined ? {} : { based }) })
        return { body: { owner: owner.person ?? null, ownerVersion: owner.version }, etag: String(owner.version) }
      },
    }),
  ]
}

function count(states: readonly string[]): Record<string, number> {
  const counts: Record<string, number> = {}
  for (const state of states) counts[state] = (counts[state] ?? 0) + 1
  return counts
}
