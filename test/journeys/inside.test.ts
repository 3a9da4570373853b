import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { fromBase64, leafHash, openReceipt, parseProof, parseVkey, sameBytes, verifyProof } from '@vouchsafe/verify'
import { ManualClock } from '#core/clock'
import { makePlace, openHere, type Answer, type Place, type RunningHere } from './installation.ts'
import { becomeOwner, invite, must, type Member } from './members.ts'

interface Overview {
  counts: Record<string, number>
  claims: { id: string; text?: string; controls?: string[]; state?: string; owner?: string; ownerName?: string; ownerVersion?: number }[]
  history: { day: string; counts: Record<string, number> }[]
}

const clock = new ManualClock(new Date())
let place: Place
let here: RunningHere
let owner: Member
let engineer: Member
let auditor: Member
const rule = (verb: string, record: string, more: object = {}) => ({ effect: 'allow', verb, record, ...more })

/** Somebody with a role of these rules alone. */
async function holding(name: string, rules: readonly object[]): Promise<Member> {
  const { id } = must(await owner.call('/api/v1/roles', { method: 'POST', body: { title: name, sentence: 'For a test.', rules } }), 'role').json<{ id: string }>()
  return invite(here, clock, owner, name, id)
}
const overviewOf = async (member: Member): Promise<Overview> => must(await member.call('/api/v1/overview'), 'overview').json<Overview>()
const codeOf = (answer: Answer): string => answer.json<{ type: string }>().type.replace('urn:vouchsafe:problem:', '')
const sum = (counts: Record<string, number>): number => Object.values(counts).reduce((total, count) => total + count, 0)

beforeAll(async () => {
  place = await makePlace('inside')
  here = await openHere(place, { clock })
  owner = await becomeOwner(here, clock)
  engineer = await invite(here, clock, owner, 'Enno Engineer', 'engineer')
  auditor = await invite(here, clock, owner, 'Aron Auditor', 'auditor')
}, 240_000)
afterAll(async () => {
  await here?.installation.stop()
  place?.remove()
}, 60_000)

describe('how the claims stand, for those inside', () => {
  test('is one page of figures that agree with one another, before anything is published', async () => {
    const overview = await overviewOf(engineer)
    expect(overview.claims.length).toBeGreaterThan(20)
    expect(sum(overview.counts)).toBe(overview.claims.length)
    expect(overview.history).toHaveLength(1)
    expect(overview.history[0]?.counts).toEqual(overview.counts)
  })

  test('tells in no figure of a claim that a list hides', async () => {
    const control = 'audit-log-archived'
    const narrow = await holding('Nora Narrow', [rule('act', 'claim', { names: ['read'] }), rule('find', 'claim', { when: { in: [{ value: control }, { field: 'controls' }] } }), rule('read', 'claim', { names: ['id', 'text', 'state'] })])
    const all = await overviewOf(engineer)
    const some = await overviewOf(narrow)
    const theirs = all.claims.filter((claim) => claim.controls?.includes(control))
    expect(theirs.length).toBeGreaterThan(0)
    expect(theirs.length).toBeLessThan(all.claims.length)
    expect(some.claims.map(({ id }) => id).toSorted()).toEqual(theirs.map(({ id }) => id).toSorted())
    expect(sum(some.counts)).toBe(theirs.length)
    expect(sum(some.history[0]?.counts ?? {})).toBe(theirs.length)
    expect(some.claims.every((claim) => !('controls' in claim) && !('owner' in claim))).toBe(true)
  })

  test('of two who say who answers for a claim, the second is told of the first', async () => {
    const claim = (await overviewOf(engineer)).claims[0]!
    const say = (member: Member, person: string | null, based: number): Promise<Answer> => member.call(`/api/v1/claims/${claim.id}/owner`, { method: 'PUT', body: { person }, headers: { 'if-match': `"${based}"` } })
    expect((await say(engineer, engineer.id, 0)).status).toBe(200)
    const late = await say(owner, owner.id, 0)
    expect(late.status).toBe(412)
    expect(late.json<{ current: { owner: string } }>().current.owner).toBe(engineer.id)
    const seen = (await overviewOf(owner)).claims.find(({ id }) => id === claim.id)
    expect(seen).toMatchObject({ owner: engineer.id, ownerName: 'Enno Engineer' })
    // A name is of a person: whoever may not read people's names is not told it here either.
    expect((await overviewOf(engineer)).claims.find(({ id }) => id === claim.id)).toMatchObject({ owner: engineer.id })
    expect((await say(owner, '019c0000-0000-4000-8000-000000000000', seen!.ownerVersion!)).status).toBe(422)
    expect(codeOf(await say(auditor, auditor.id, seen!.ownerVersion!))).toBe('not-allowed')
  })
})

describe('a draft that two correct', () => {
  test('keeps the first correction until the second has seen it', async () => {
    must(await engineer.call('/api/v1/policies/import?save=true&slug=house&name=house.md', { method: 'POST', body: '# House\n\nAll data is encrypted at rest.\n\nBackups are taken daily.\n' }), 'import')
    const path = '/api/v1/policies/house/versions/1'
    const lines = must(await engineer.call(path), 'version').json<{ lines: { line: number; tag: string; claim: boolean; kind: string }[] }>().lines
    const line = lines.find(({ claim }) => claim)!
    const correct = (member: Member, tag: string, change: object): Promise<Answer> => member.call(`${path}/corrections`, { method: 'POST', body: { line: line.line, ...change }, headers: { 'if-match': `"${tag}"` } })
    expect((await correct(engineer, line.tag, { claim: false })).status).toBe(200)
    const late = await correct(owner, line.tag, { strength: 'hedged' })
    expect(late.status).toBe(412)
    const { current } = late.json<{ current: { tag: string; claim: boolean } }>()
    expect(current.claim).toBe(false)
    expect((await correct(owner, current.tag, { claim: true, strength: 'hedged' })).json<{ line: object }>().line).toMatchObject({ claim: true, strength: 'hedged' })
  })

  test('is replayed over runs of the past; nothing of it runs', async () => {
    const replay = must(await auditor.call('/api/v1/policies/house/versions/1/replay?days=30'), 'replay').json<{ claims: { spells: { from: string; state: string }[] }[] }>()
    expect(replay.claims.length).toBeGreaterThan(0)
    for (const { spells } of replay.claims) expect(new Date(spells[0]!.from).getTime()).toBeCloseTo(clock.now().getTime() - 30 * 86_400_000, -4)
    expect(must(await auditor.call('/api/v1/tasks'), 'tasks').json()).toEqual({ items: [] })
  })
})

describe('what a check saw', () => {
  test('stands slot by slot, and its evidence is shown to whoever may see it, once that is written down', async () => {
    const { items } = must(await engineer.call('/api/v1/slots?check=installation/append-only'), 'slots').json<{ items: { slot: number; verdict: string; run: string }[] }>()
    expect(items[0]).toMatchObject({ slot: 0, verdict: 'holds' })
    const { run } = items[0]!
    const { fields } = must(await engineer.call(`/api/v1/runs/${run}/evidence`), 'evidence').json<{ fields: Record<string, unknown> }>()
    expect(fields).toHaveProperty('summary')
    const trail = must(await auditor.call(`/api/v1/audit?action=evidence.read&subject=${run}`), 'audit').json<{ items: { actor: string; actorName?: string }[] }>()
    expect(trail.items).toMatchObject([{ actor: `person:${engineer.id}`, actorName: 'Enno Engineer' }])
    const reader = await holding('Rolf Runs', [rule('find', 'run'), rule('read', 'run'), rule('act', 'check', { names: ['read'] })])
    expect((await reader.call('/api/v1/slots?check=installation/append-only')).status).toBe(200)
    expect(codeOf(await reader.call(`/api/v1/runs/${run}/evidence`))).toMatch(/^not-(?:allowed|found)$/)
  })
})

describe('the audit trail as a file', () => {
  test('holds what its list holds, and nothing that is masked for whoever takes it', async () => {
    const list = must(await auditor.call('/api/v1/audit?actorKind=person&limit=200'), 'audit').json<{ items: { id: string }[] }>().items
    const file = await auditor.call('/api/v1/audit/export?format=json&actorKind=person')
    expect(file.headers['content-disposition']).toContain('audit.json')
    // Both lists were asked for one after the other; taking a file leaves no event of its own.
    expect(file.json<{ id: string }[]>().map(({ id }) => id)).toEqual(list.map(({ id }) => id))
    const masked = await holding('Mira Masked', [rule('act', 'audit', { names: ['read'] }), rule('find', 'audit'), rule('read', 'audit', { names: ['id', 'at', 'action'] })])
    const csv = (await masked.call('/api/v1/audit/export')).text
    expect(csv).toContain('claim.own')
    for (const hidden of [engineer.id, owner.id]) expect(csv).not.toContain(hidden)
    expect((await masked.call(`/api/v1/audit/export?actor=${engineer.id}`)).status).toBe(422)
    expect((await masked.call('/api/v1/audit?actorKind=person')).status).toBe(422)
  })
})

describe('the log, browsed', () => {
  test('gives for each entry a receipt and a proof that hold without us', async () => {
    const { vkey, size } = must(await auditor.call('/api/v1/log'), 'log').json<{ vkey: string; size: number }>()
    const key = parseVkey(vkey)
    const page = must(await auditor.call('/api/v1/log/entries?kind=slot-result&limit=5'), 'entries').json<{ items: { index: number; says: string }[]; next: string }>()
    expect(page.items).toHaveLength(5)
    expect(page.items.every(({ says }) => /^slot 0: (?:holds|fails|unknown)$/.test(says))).toBe(true)
    const entry = must(await auditor.call(`/api/v1/log/entries/${page.items[0]!.index}`), 'entry').json<{ leaf: string; receipt: string; proof: string }>()
    const leaf = fromBase64(entry.leaf)
    expect(sameBytes(openReceipt(entry.receipt, key).leafHash, leafHash(leaf))).toBe(true)
    expect(verifyProof(parseProof(Buffer.from(entry.proof)), leafHash(leaf), key).checkpoint.size).toBeLessThanOrEqual(size + 50)
    expect((await auditor.call('/api/v1/log/entries/9999999')).status).toBe(404)
  })

  test('every entry is found by paging, once each', async () => {
    const seen: number[] = []
    for (let cursor = ''; ; ) {
      const page = must(await auditor.call(`/api/v1/log/entries?limit=200${cursor}`), 'entries').json<{ items: { index: number }[]; next: string | null }>()
      seen.push(...page.items.map(({ index }) => index))
      if (page.next === null) break
      cursor = `&cursor=${page.next}`
    }
    expect(seen).toEqual(Array.from({ length: seen.length }, (_, at) => seen.length - 1 - at))
  })

  test('is audited as a stranger would, by whoever may', async () => {
    expect(must(await auditor.call('/api/v1/log/audit', { method: 'POST', body: {} }), 'audit').json()).toMatchObject({ ok: true, problems: [] })
    const people = await invite(here, clock, owner, 'Petra People', 'people')
    expect(codeOf(await people.call('/api/v1/log/audit', { method: 'POST', body: {} }))).toBe('not-allowed')
    expect(codeOf(await people.call('/api/v1/overview'))).toBe('not-allowed')
  })
})
