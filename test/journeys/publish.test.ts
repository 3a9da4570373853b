import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { sql } from 'kysely'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { ClaimBundle } from '@vouchsafe/verify'
import { decodeStatement, fromBase64, normaliseSentence, textOf } from '@vouchsafe/verify'
import { makePlace, openHere, sharedFolder, type CommandRun, type Place, type RunningHere } from './installation.ts'

interface Wording {
  claimId: string
  line: number
  start: number
  end: number
  text: string
  offered: boolean
  controls: string[]
  relation: string
  predecessors: string[]
}
interface Version {
  status: string
  number: number
  lines: { text: string; claim: boolean; controls: string[]; strength: string }[]
  claims: Wording[]
  decisions: { kind: string; by: string }[]
}
interface ClaimOut {
  id: string
  text: string
  state: string
  bindings: { digest: string; check: string }[]
}

let place: Place
let here: RunningHere

beforeAll(async () => {
  place = await makePlace('publish')
  here = await openHere(place)
})
afterAll(async () => {
  await here?.installation.stop()
  place?.remove()
})

const good = (run: CommandRun): string => {
  expect(run.err + run.out, `exit ${run.code}`).toSatisfy(() => run.code === 0)
  return run.out
}
const versionOf = async (slug: string, number: number): Promise<Version> => (await here.operator(`/api/v1/policies/${slug}/versions/${number}`)).json<Version>()
const shownClaims = async (): Promise<ClaimOut[]> => (await here.public('/api/v1/claims?limit=200')).json<{ items: ClaimOut[] }>().items
const bundleOf = async (id: string): Promise<ClaimBundle> => (await here.public(`/claims/${id}/bundle`)).json<ClaimBundle>()
const statementsIn = (bundle: ClaimBundle) => bundle.entries.map((entry) => decodeStatement(fromBase64(entry.envelope.payload)))

const SEEDS = [
  { file: 'neon-security.md', slug: 'neon' },
  { file: 'neeto-security-policy.md', slug: 'neeto' },
  { file: 'neo4j-aura-cloud-security.txt', slug: 'aura' },
]

describe.skipIf(!existsSync(join(sharedFolder, 'seeds')))('a real page from ../shared/seeds', () => {
  test.each(SEEDS)('$file is imported, corrected, dry-run, approved claim by claim, and published with a state for each claim', async ({ file, slug }) => {
    const source = readFileSync(join(sharedFolder, 'seeds', file))
    const report = JSON.parse(good(await here.run('import', join(sharedFolder, 'seeds', file), '--save', '--slug', slug, '--as', 'Ada Example', '--format', 'json'))) as { lines: { claim: boolean }[]; gaps: unknown[]; contradictions: unknown[]; suggestions: unknown[] }
    expect(report.lines.filter((line) => line.claim).length).toBeGreaterThan(10)
    expect(report).toMatchObject({ gaps: expect.any(Array), contradictions: expect.any(Array), suggestions: expect.any(Array) })

    const draft = await versionOf(slug, 1)
    expect(draft).toMatchObject({ status: 'draft', claims: [] })
    expect((await here.public(`/policies/${slug}`)).status, 'a draft is nobody’s business').not.toBe(200)

    // One line that is a claim is said to be none; one gets a control that this machine can check.
    const claimLines = draft.lines.flatMap((line, i) => (line.claim ? [i] : []))
    const [dismissed, bound, held] = claimLines as [number, number, number]
    good(await here.run('policy', 'correct', slug, '--line', String(dismissed), '--claim', 'no', '--as', 'Ada Example'))
    good(await here.run('policy', 'correct', slug, '--line', String(bound), '--controls', 'access-least-privilege', '--checks', 'installation/append-only', '--strength', 'definite'))
    const unknownControl = await here.run('policy', 'correct', slug, '--line', String(bound), '--controls', 'no-such-control')
    expect(unknownControl).toMatchObject({ code: 2, err: expect.stringContaining('no-such-control') })

    // With what is still on its way there, and without the runs that fell due for others meanwhile: those have slots of
    // bindings, which a draft has not.
    const logged = async (): Promise<number> =>
      (
        await sql<{ n: string }>`
          select count(*) as n from (select leaf_id from log.entry union select leaf_id from log.pending) as leaf
          where not exists (select from "check".slot where slot.leaf_id = leaf.leaf_id)
            and not exists (select from "check".run join "check".slot on slot.run_id = run.id where run.evidence_leaf_id = leaf.leaf_id)
            and not exists (select from page.snapshot where snapshot.leaf_id = leaf.leaf_id)`.execute(here.installation.organisation.database.app)
      ).rows.map(({ n }) => Number(n))[0]!
    const before = await logged()
    const dry = JSON.parse(good(await here.run('policy', 'dry-run', slug, '--format', 'json'))) as { line: number; state: string; checks: string[] }[]
    expect(dry.find((claim) => claim.line === bound)).toMatchObject({ state: 'checked', checks: ['installation/append-only'] })
    expect(dry.some((claim) => claim.line === dismissed)).toBe(false)
    expect(await logged(), 'a dry run leaves nothing in the log').toBe(before)

    // Neither without a name, nor before somebody has approved it.
    expect((await here.run('policy', 'approve', slug)).code).toBe(2)
    expect((await here.run('policy', 'publish', slug, '--as', 'Ada Example')).code).toBe(1)
    expect((await here.run('policy', 'approve', slug, '--as', 'Ada Example', '--except', String(dismissed)))).toMatchObject({ code: 2, err: expect.stringContaining('no claims of this version') })
    good(await here.run('policy', 'approve', slug, '--as', 'Grace Example', '--except', String(held), '--note', 'first reading'))
    good(await here.run('policy', 'publish', slug, '--as', 'Grace Example'))

    const published = await versionOf(slug, 1)
    expect(published.status).toBe('published')
    expect(published.decisions.map(({ kind, by }) => [kind, by])).toEqual([['approved', 'Grace Example'], ['published', 'Grace Example']])
    for (const wording of published.claims) {
      expect(textOf(source.subarray(wording.start, wording.end)).trim(), 'offsets are bytes of the page as it was imported').not.toBe('')
      expect(wording.offered, wording.text).toBe(wording.line !== held)
    }
    const shown = await shownClaims()
    expect(shown.map((claim) => claim.id).sort()).toEqual(published.claims.filter((claim) => claim.offered).map((claim) => claim.claimId).sort())
    const page = await here.public('/')
    expect(page.status).toBe(200)
    for (const claim of shown) expect(page.text, claim.text).toContain(`/claims/${claim.id}`)
    expect((await bundleOf(shown[0]!.id)).text, 'the sentence as it stands in the source').toBe(normaliseSentence(textOf(source.subarray(published.claims[0]!.start, published.claims[0]!.end))))
    expect(page.text).not.toContain(published.claims.find((claim) => !claim.offered)!.claimId)
    // Until the check has run for this binding the state is unknown, never checked.
    const mine = shown.find((claim) => claim.id === published.claims.find((claim) => claim.line === bound)!.claimId)!
    expect(mine.state).toBe('unknown')
    await here.operator('/api/v1/runs', { method: 'POST', body: { check: 'installation/append-only' } })
    expect((await shownClaims()).find((claim) => claim.id === mine.id)!.state).toBe('checked')
    expect((await here.public(`/claims/${mine.id}`)).text).toContain(mine.text.slice(0, 30).replaceAll('&', '&amp;').replaceAll("'", '&#39;'))
  })

  test('the same bytes again are no new version', async () => {
    const run = await here.run('import', join(sharedFolder, 'seeds', SEEDS[0]!.file), '--save', '--slug', SEEDS[0]!.slug)
    expect(run).toMatchObject({ code: 0, err: expect.stringContaining('Nothing new') })
    expect(JSON.parse((await here.run('policy', 'list', '--format', 'json')).out)).toHaveLength(4) // three, and the starter
  })
})

const FIRST = `# How we work

## Encryption

Customer data is encrypted at rest with AES-256.
Backups are taken every day, and restores are tested every month.

## Access

Access to production is reviewed every quarter.
Employees must use multi-factor authentication.
Production access requires approval by a manager.
`

// Same, changed, split and merged, in this order.
const SECOND = `# How we work

## Encryption

Customer data is encrypted at rest with AES-256.
Backups are taken every day.
Restores are tested every month.

## Access

Access to production is reviewed every month.
Employees must use multi-factor authentication and production access requires approval by a manager.
`

describe('a policy of our own in two versions', () => {
  const slug = 'own'
  const importText = async (text: string): Promise<void> => {
    const file = join(place.state, 'own.md')
    writeFileSync(file, text)
    good(await here.run('import', file, '--save', '--slug', slug, '--format', 'json'))
  }
  let first: Version

  test('the first is published', async () => {
    await importText(FIRST)
    const draft = await versionOf(slug, 1)
    for (const [i, line] of draft.lines.entries()) good(await here.run('policy', 'correct', slug, '--line', String(i), '--claim', line.text.endsWith('.') ? 'yes' : 'no', '--controls', 'access-least-privilege', '--checks', 'installation/append-only'))
    good(await here.run('policy', 'approve', slug, '--as', 'Ada Example'))
    good(await here.run('policy', 'publish', slug, '--as', 'Ada Example'))
    first = await versionOf(slug, 1)
    expect(first.claims).toHaveLength(5)
    await here.operator('/api/v1/runs', { method: 'POST', body: { check: 'installation/append-only' } })
    expect((await shownClaims()).map((claim) => claim.state)).toEqual(['checked', 'checked', 'checked', 'checked', 'checked'])
  })

  test('ids are carried on equal wording only; splits and merges name what they came from', async () => {
    await importText(SECOND)
    const draft = await versionOf(slug, 2)
    // Corrections stick to wordings: what is the same needs no second one.
    expect(draft.lines.find((line) => line.text.startsWith('Customer data'))).toMatchObject({ claim: true, controls: ['access-least-privilege'] })
    for (const [i, line] of draft.lines.entries()) if (line.text.endsWith('.') && !line.text.startsWith('Customer data')) good(await here.run('policy', 'correct', slug, '--line', String(i), '--claim', 'yes', '--controls', 'access-least-privilege', '--checks', 'installation/append-only'))
    good(await here.run('policy', 'approve', slug, '--as', 'Ada Example'))
    const idOf = (start: string): string => first.claims.find((claim) => claim.text.startsWith(start))!.claimId
    const second = await versionOf(slug, 2)
    const by = (start: string): Wording => second.claims.find((claim) => claim.text.startsWith(start))!
    expect(by('Customer data')).toMatchObject({ claimId: idOf('Customer data'), relation: 'carried', predecessors: [] })
    expect(by('Backups are')).toMatchObject({ relation: 'split', predecessors: [idOf('Backups')] })
    expect(by('Restores are')).toMatchObject({ relation: 'split', predecessors: [idOf('Backups')] })
    expect(by('Access to production')).toMatchObject({ relation: 'reworded', predecessors: [idOf('Access to production')] })
    expect(by('Employees must')).toMatchObject({ relation: 'merged', predecessors: expect.arrayContaining([idOf('Employees must'), idOf('Production access')]) })
    const old = new Set(first.claims.map((claim) => claim.claimId))
    expect(second.claims.filter((claim) => old.has(claim.claimId)).map((claim) => claim.text)).toEqual([by('Customer data').text])
  })

  test('the first stays on the page until the second is published; then former bindings are closed in public, and no new sentence inherits a state', async () => {
    expect((await shownClaims()).map((claim) => claim.id)).toEqual(first.claims.map((claim) => claim.claimId))
    good(await here.run('policy', 'publish', slug, '--as', 'Ada Example'))
    const shown = await shownClaims()
    expect(Object.fromEntries(shown.map((claim) => [claim.text.split(' ')[0], claim.state]))).toEqual({ Customer: 'checked', Backups: 'unknown', Restores: 'unknown', Access: 'unknown', Employees: 'unknown' })
    const gone = first.claims.find((claim) => claim.text.startsWith('Access to production'))!
    expect((await here.public(`/claims/${gone.claimId}`)).status).toBe(404)
    const closed = statementsIn(await bundleOf(gone.claimId)).filter((statement) => statement.kind === 'closing')
    expect(closed.map((statement) => statement.predicate)).toMatchObject([{ reason: 'claim-withdrawn', lastSlot: 0 }])
    // The carried claim goes on: its binding has a successor that names the version, and says where the first one ended.
    const kinds = statementsIn(await bundleOf(first.claims[0]!.claimId))
    expect(kinds.filter((statement) => statement.kind === 'closing').map((statement) => statement.predicate)).toMatchObject([{ reason: 'superseded', lastSlot: 0 }])
    const bindings = kinds.flatMap((statement) => (statement.kind === 'binding' ? [statement.predicate] : []))
    expect(bindings.map((binding) => [binding.policy.version, binding.predecessor?.lastSlot])).toEqual([[1, undefined], [2, 0]])
  })

  test('versions, the diff and predecessors can be read by anyone', async () => {
    expect((await here.public(`/policies/${slug}/versions`)).text).toContain('Ada Example')
    const diff = await here.public(`/policies/${slug}/versions/1..2`)
    expect(diff.status).toBe(200)
    expect(diff.text).toContain('reviewed every quarter')
    expect(diff.text).toContain('reviewed every month')
    expect((await here.public(`/policies/${slug}/versions/1`)).text).toContain('reviewed every quarter')
    const { out } = await here.run('policy', 'diff', slug)
    expect(out).toContain('- Access to production is reviewed every quarter.')
    expect(out).toContain('+ Access to production is reviewed every month.')
    expect(out).not.toContain('Customer data')
    const merged = (await versionOf(slug, 2)).claims.find((claim) => claim.relation === 'merged')!
    expect((await here.public(`/claims/${merged.claimId}`)).text).toContain('Production access requires approval by a manager.')
  })

  test('a version that was withdrawn leaves the page, its bindings are closed, and the log keeps what was said', async () => {
    const claim = (await shownClaims())[0]!
    good(await here.run('policy', 'withdraw', slug, '--as', 'Ada Example', '--note', 'published too early'))
    expect((await versionOf(slug, 2)).status).toBe('withdrawn')
    expect((await here.run('policy', 'withdraw', slug, '--as', 'Ada Example')).code).toBe(1)
    for (const path of [`/policies/${slug}`, `/policies/${slug}.md`, `/policies/${slug}/versions`, `/policies/${slug}/versions/1`, `/policies/${slug}/versions/2`]) {
      const gone = await here.public(path)
      expect([path, gone.status]).toEqual([path, 410])
      expect(gone.text).toMatch(/Withdrawn on .* by Ada Example/)
      expect(gone.text).not.toContain('reviewed every')
    }
    // Another policy still stands.
    expect((await here.public('/')).text).not.toMatch(/reviewed every (month|quarter)/)
    const kept = statementsIn(await bundleOf(claim.id))
    expect(kept.some((statement) => statement.kind === 'slot-result')).toBe(true)
    const { items } = (await here.operator('/api/v1/audit?action=policy.withdraw')).json<{ items: { actor: string }[] }>()
    expect(items.map((item) => item.actor)).toEqual(['operator:Ada Example'])
  })
})
