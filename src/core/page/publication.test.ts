import { generateKeyPairSync, sign } from 'node:crypto'
import type { KyselyPlugin } from 'kysely'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { checkMigrations } from '#core/check'
import { ManualClock } from '#core/clock'
import { startTemporaryServer, type Actor, type Change, type OrganisationDatabase, type TemporaryServer } from '#core/database'
import { logMigrations } from '#core/log'
import { insertAttestation, instantOf, issue, statementMigrations, type StatementTables } from '#core/statement'
import { bindableClaims } from './bindable.ts'
import { correct, readDraft, saveDraft } from './draft.ts'
import { listVersions, newClaimId, shownVersion, statusOf, versionOf, wasPublished, withdrawnVersion } from './library.ts'
import { addNote, latestNotes } from './note.ts'
import { approve, preview, publish, withdraw } from './publication.ts'
import { countStates, listSnapshots, takeSnapshot } from './snapshot.ts'
import { pageMigrations, type Version } from './store.ts'

const ADA: Actor = { kind: 'operator', name: 'Ada Example' }
const NOBODY: Actor = { kind: 'operator', name: 'operator' }
const MACHINE: Actor = { kind: 'service', name: '6f1f9c6e-3a0b-4f5e-9f57-0d8f6a3c1b2d', shown: 'Nightly import, Administrator' }
const PAGE = '# Security\n\nWe back up customer data every day.\n\nAll data at rest is encrypted.\n\nContact us with questions.\n'
const HOUR = 3_600_000

let server: TemporaryServer
let db: OrganisationDatabase
let clock: ManualClock
beforeAll(async () => {
  server = await startTemporaryServer()
})
afterAll(() => server?.stop())
beforeEach(async () => {
  clock = new ManualClock('2026-03-02T12:00:00Z')
  db = await server.createDatabase({ migrations: [logMigrations, statementMigrations, checkMigrations, pageMigrations], clock })
})

const { publicKey, privateKey } = generateKeyPairSync('ed25519')
const signer = { publicKey: new Uint8Array(publicKey.export({ format: 'der', type: 'spki' }).subarray(-32)), sign: (message: Uint8Array) => new Uint8Array(sign(null, message, privateKey)) }
const draft = async (text = PAGE): Promise<Version> => (await saveDraft(db, ADA, { slug: 'security', name: 'security.md', source: new TextEncoder().encode(text) })).version
const now = async (version: Version): Promise<Version> => versionOf(db, version.slug, version.number)
const status = async (version: Version) => statusOf(await now(version), await listVersions(db))
const lineOf = async (version: Version, text: string): Promise<number> => (await readDraft(db, version)).reading.lines.findIndex((line) => line.text.startsWith(text))

describe('a decision', () => {
  test('goes from draft to approved to published to withdrawn, and no step can be left out or taken twice', async () => {
    const version = await draft()
    await expect(publish(db, ADA, await now(version))).rejects.toMatchObject({ code: 'conflict', mend: expect.stringContaining('Approve it first') })
    await approve(db, ADA, version, { kind: 'all' })
    expect(await status(version)).toBe('approved')
    await expect(approve(db, ADA, await now(version), { kind: 'all' })).rejects.toMatchObject({ code: 'conflict' })
    await expect(withdraw(db, ADA, await now(version))).rejects.toMatchObject({ code: 'conflict' })
    await publish(db, ADA, await now(version))
    expect(await status(version)).toBe('published')
    await expect(publish(db, ADA, await now(version))).rejects.toMatchObject({ code: 'conflict' })
    await withdraw(db, ADA, await now(version))
    expect(await status(version)).toBe('withdrawn')
    expect(await shownVersion(db)).toBeUndefined()
    await expect(publish(db, ADA, await now(version))).rejects.toMatchObject({ code: 'conflict' })
  })

  test('is taken by a person with a name, never by a service account', async () => {
    const version = await draft()
    for (const decide of [approve(db, NOBODY, version, { kind: 'all' }), publish(db, NOBODY, version), withdraw(db, NOBODY, version)]) await expect(decide).rejects.toMatchObject({ code: 'bad-input', mend: expect.stringContaining('--as') })
    for (const decide of [approve(db, MACHINE, version, { kind: 'all' }), publish(db, MACHINE, version), withdraw(db, MACHINE, version)]) await expect(decide).rejects.toMatchObject({ code: 'not-allowed' })
    expect(await status(version)).toBe('draft')
  })

  test('accepts a sentence that was left out for a version as the claim that it was', async () => {
    const accepted = async (text: string) => {
      const version = await draft(text)
      const wordings = await approve(db, ADA, version, { kind: 'all' })
      await publish(db, ADA, await now(version))
      return wordings
    }
    const [backup] = await accepted(PAGE)
    const second = await accepted(PAGE.replace('We back up customer data every day.', ''))
    const third = await accepted(PAGE)
    expect(second.map((wording) => wording.claimId)).not.toContain(backup!.claimId)
    expect(third[0]).toMatchObject({ claimId: backup!.claimId, relation: 'carried' })
    expect(third.map((wording) => wording.claimId)).toEqual(expect.arrayContaining(second.map((wording) => wording.claimId)))
  })

  test('that was read before another was taken is refused', async () => {
    const version = await draft()
    await approve(db, ADA, version, { kind: 'all' })
    const stale = { ...(await now(version)), decisions: [] }
    await expect(preview(db, ADA, stale)).rejects.toMatchObject({ code: 'conflict' })
  })

  test('on a later version takes the former off the page, and one on a preview never shows a published page to nobody', async () => {
    const first = await draft()
    await approve(db, ADA, first, { kind: 'all' })
    await publish(db, ADA, await now(first))
    const second = await draft(`${PAGE}\nMore.\n`)
    await preview(db, ADA, second)
    expect((await shownVersion(db))?.version.number).toBe(1)
    const third = await draft(`${PAGE}\nEven more.\n`)
    await approve(db, ADA, third, { kind: 'all' })
    clock.advance(1000)
    await publish(db, ADA, await now(third))
    expect([await status(first), (await shownVersion(db))?.version.number]).toEqual(['superseded', 3])
  })
})

describe('a withdrawn policy', () => {
  const published = async (text: string, slug = 'security'): Promise<Version> => {
    const { version } = await saveDraft(db, ADA, { slug, name: 'security.md', source: new TextEncoder().encode(text) })
    await approve(db, ADA, version, { kind: 'all' })
    clock.advance(1000)
    await publish(db, ADA, await now(version))
    return version
  }
  const standing = async (slug?: string) => {
    const [shown, gone] = [await shownVersion(db, slug), await withdrawnVersion(db, slug)]
    return shown ? `${shown.status} ${shown.version.slug} ${shown.version.number}` : gone && `withdrawn ${gone.version.slug} ${gone.version.number} by ${gone.withdrawn.by}`
  }

  test('uncovers neither the version before it nor a preview', async () => {
    const { version: starter } = await saveDraft(db, ADA, { slug: 'starter', name: 'starter.md', source: new TextEncoder().encode(PAGE) })
    await preview(db, ADA, starter)
    expect(await standing()).toBe('preview starter 1')
    await published(PAGE)
    const second = await published(`${PAGE}\nMore.\n`)
    expect(await standing()).toBe('published security 2')
    clock.advance(1000)
    await withdraw(db, ADA, await now(second))
    expect(await standing()).toBe('withdrawn security 2 by Ada Example')
    expect(await standing('security')).toBe('withdrawn security 2 by Ada Example')
    expect(await bindableClaims(db)).toEqual([])
    expect([await wasPublished(db, {}), await wasPublished(db, { slug: 'security' }), await wasPublished(db, { slug: 'starter' })], 'everybody may read that it was withdrawn').toEqual([true, true, false])
    await published(`${PAGE}\nMore again.\n`)
    expect(await standing()).toBe('published security 3')
  })

  test('leaves other policies on the page', async () => {
    await published(PAGE, 'security')
    const other = await published(`${PAGE}\nMore.\n`, 'privacy')
    expect(await standing()).toBe('published privacy 1')
    await withdraw(db, ADA, await now(other))
    expect([await standing(), await standing('privacy')]).toEqual(['published security 1', 'withdrawn privacy 1 by Ada Example'])
  })
})

describe('an offer', () => {
  const offered = async (version: Version) => (await approve(db, ADA, version, { kind: 'all' })).filter((wording) => wording.offered).map((wording) => wording.text)

  test('leaves out the lines named, or takes them alone; only what is offered is bound', async () => {
    const version = await draft()
    const backups = await lineOf(version, 'We back up')
    await approve(db, ADA, version, { kind: 'except', lines: [backups] })
    await publish(db, ADA, await now(version))
    const bound = await bindableClaims(db)
    expect(bound).toHaveLength(1)
    expect(bound[0]).toMatchObject({ strength: 'definite', policy: { version: 1, digest: version.digest }, controls: expect.arrayContaining(['encryption-at-rest']) })

    const other = await draft(`${PAGE}\nMore.\n`)
    expect((await approve(db, ADA, other, { kind: 'only', lines: [backups] })).map((wording) => [wording.text, wording.offered])).toEqual([['We back up customer data every day.', true], ['All data at rest is encrypted.', false]])
  })

  test('of a line that is no claim, or of nothing at all, is refused and leaves a draft', async () => {
    const version = await draft()
    const contact = await lineOf(version, 'Contact us')
    await expect(approve(db, ADA, version, { kind: 'only', lines: [contact] })).rejects.toMatchObject({ code: 'bad-input', message: expect.stringContaining(String(contact)) })
    await expect(approve(db, ADA, version, { kind: 'only', lines: [] })).rejects.toMatchObject({ code: 'bad-input' })
    expect(await status(version)).toBe('draft')
  })

  test('follows what a person corrected, in this version and in later ones with the same wording', async () => {
    const version = await draft()
    await correct(db, ADA, version, await lineOf(version, 'Contact us'), { claim: true, controls: [] })
    await correct(db, ADA, version, await lineOf(version, 'All data'), { claim: false })
    const later = await draft(`${PAGE}\nMore.\n`)
    expect(await offered(later)).toEqual(['We back up customer data every day.', 'Contact us with questions.'])
    await expect(correct(db, ADA, later, 0, { controls: ['no-such-control'] })).rejects.toMatchObject({ code: 'bad-input' })
    await expect(correct(db, ADA, later, 99, { claim: true })).rejects.toMatchObject({ code: 'not-found' })
  })
})

describe('a snapshot', () => {
  const shown = async (): Promise<void> => {
    const version = await draft()
    await approve(db, ADA, version, { kind: 'all' })
    await publish(db, ADA, await now(version))
  }

  test('is taken when the page says something else, and once a day when it does not', async () => {
    expect(await takeSnapshot(db, signer, clock.now())).toBeUndefined()
    await shown()
    expect(await takeSnapshot(db, signer, clock.now())).toMatchObject({ status: 'published', notOffered: 0, claims: [{ state: 'unbacked' }, { state: 'unbacked' }] })
    clock.advance(23 * HOUR)
    expect(await takeSnapshot(db, signer, clock.now())).toBeUndefined()
    clock.advance(HOUR)
    expect(await takeSnapshot(db, signer, clock.now())).toBeDefined()
    expect(await listSnapshots(db)).toHaveLength(2)
  })

  test.each([0, 1000])('is taken once when several look at once, their clocks %i ms apart', async (apart) => {
    await shown()
    // All three have worked theirs out and wait for the lock before the first may write.
    const holder = await db.appPool.connect()
    await holder.query(`begin; select pg_advisory_xact_lock(hashtext('page.snapshot'))`)
    const waiting = Promise.all([0, 1, 2].map((i) => takeSnapshot(db, signer, new Date(clock.now().getTime() + i * apart))))
    const waiters = async (): Promise<unknown> => (await holder.query(`select 1 from pg_locks where locktype = 'advisory' and not granted and database = (select oid from pg_database where datname = current_database())`)).rowCount
    while ((await waiters()) !== 3) await new Promise((resolve) => setTimeout(resolve, 5))
    await holder.query('commit')
    holder.release()
    const taken = await waiting
    expect(taken.filter((snapshot) => snapshot !== undefined)).toHaveLength(1)
    expect(await listSnapshots(db)).toHaveLength(1)
  })

  test('is one reading at one moment: what is recorded while it reads is in the next one', async () => {
    await shown()
    const [claim] = await bindableClaims(db)
    const attestation = { claim: claim!.id, sentence: claim!.digest, statement: 'It is so.', role: 'Head of Security', from: instantOf(clock.now()), until: instantOf(new Date(clock.now().getTime() + HOUR)) }
    const issued = await issue(signer, 'attestation', [{ name: 'x', sha256: claim!.digest }], attestation)
    let reads = 0
    const meanwhile: KyselyPlugin = {
      transformQuery: ({ node }) => node,
      async transformResult({ result }) {
        if (++reads === 2) await db.change({ actor: ADA, action: 'test.attest', subject: { kind: 'test', id: 'x' } }, (tx: Change<StatementTables>) => insertAttestation(tx, attestation, 'k', issued))
        return result
      },
    }
    const states = async (from: OrganisationDatabase) => (await takeSnapshot(from, signer, clock.now()))?.claims.map(({ state }) => state)
    expect(await states({ ...db, app: db.app.withPlugin(meanwhile) })).toEqual(['unbacked', 'unbacked'])
    expect(reads).toBeGreaterThan(2)
    clock.advance(1000)
    expect(await states(db)).toEqual(['attested', 'unbacked'])
  })

  test('counts every state, those that nothing is in too', () => {
    expect(countStates(['checked', 'broken', 'checked'])).toEqual({ checked: 2, attested: 0, broken: 1, unknown: 0, stale: 0, unbacked: 0, unprovable: 0 })
  })
})

describe('a note on a claim', () => {
  const inDays = (days: number): Date => new Date(clock.now().getTime() + days * 24 * HOUR)
  const note = { claimId: 'c'.repeat(16), cause: ' The disk was full. ', role: 'Platform team' }

  test('replaces the one before in what is shown', async () => {
    await addNote(db, ADA, { ...note, mendBy: inDays(3) })
    clock.advance(1000)
    await addNote(db, ADA, { ...note, cause: 'The new disk was late.', mendBy: inDays(9) })
    expect((await latestNotes(db)).get(note.claimId)).toMatchObject({ cause: 'The new disk was late.', mendBy: inDays(9) })
    expect((await latestNotes(db)).size).toBe(1)
  })

  test.each([
    ['a date that is past', { mendBy: -1 }],
    ['this very moment', { mendBy: 0 }],
    ['a date beyond a quarter', { mendBy: 91 }],
    ['no cause', { mendBy: 1, cause: '  ' }],
    ['no role', { mendBy: 1, role: '' }],
  ])('with %s is refused', async (_what, { mendBy, ...over }) => {
    await expect(addNote(db, ADA, { ...note, ...over, mendBy: inDays(mendBy) })).rejects.toMatchObject({ code: 'bad-input' })
    expect(await latestNotes(db)).toEqual(new Map())
  })
})

test('the id of a claim says nothing, and two are never the same', () => {
  const ids = Array.from({ length: 1000 }, newClaimId)
  expect(new Set(ids).size).toBe(1000)
  for (const id of ids) expect(id).toMatch(/^[0-9a-hjkmnp-tv-z]{16}$/)
})
