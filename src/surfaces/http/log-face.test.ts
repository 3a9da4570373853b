import { generateKeyPairSync, sign } from 'node:crypto'
import { sql } from 'kysely'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { decodeStatement, formatVkey, fromBase64, parseEnvelope, SIGNATURE_TYPE, verifierKey } from '@vouchsafe/verify'
import { startTemporaryServer, withRequestId, type Actor, type OrganisationDatabase, type TemporaryServer } from '#core/database'
import { logMigrations, type Log } from '#core/log'
import { statementMigrations } from '#core/statement'
import { createLogFace, type LogFace } from './log-face.ts'

const ADA: Actor = { kind: 'operator', name: 'Ada' }
const { publicKey, privateKey } = generateKeyPairSync('ed25519')
const raw = new Uint8Array(publicKey.export({ format: 'der', type: 'spki' }).subarray(-32))
const signer = { publicKey: raw, sign: (message: Uint8Array) => new Uint8Array(sign(null, message, privateKey)) }
const vkey = formatVkey(verifierKey('witness.example/w1', SIGNATURE_TYPE.cosignatureEd25519, raw))

let server: TemporaryServer
let db: OrganisationDatabase
let face: LogFace
beforeAll(async () => {
  server = await startTemporaryServer()
  db = await server.createDatabase({ migrations: [logMigrations, statementMigrations] })
  const log = { identity: { number: 1, origin: 'o', publicKey: raw, startedAt: new Date(0) }, vkey: 'v', size: async () => 0, store: { head: async () => undefined, entriesOf: async () => [] } }
  face = createLogFace(log as unknown as Log, db, signer)
})
afterAll(() => server?.stop())
const changes = async () => (await db.appPool.query<{ envelope: Buffer }>('select envelope from log.pending order by position')).rows.map((row) => decodeStatement(fromBase64(parseEnvelope(row.envelope).payload)))

test('a log that has signed nothing yet has no root, and asks nobody', async () => {
  expect(await face.status()).toEqual({ origin: 'o', size: 0, root: '', vkey: 'v', since: '1970-01-01T00:00:00.000Z', witnesses: [] })
})

test('to ask a witness, and to ask it no longer, are both public, and name who did it in the audit', async () => {
  await withRequestId('r-1', () => face.addWitness(ADA, { vkey, url: 'https://witness.example', operator: 'own' }))
  expect((await face.status()).witnesses).toEqual([{ vkey, name: 'witness.example/w1', url: 'https://witness.example', operator: 'own', lastAt: null }])
  await withRequestId('r-1', () => face.removeWitness(ADA, vkey))
  expect((await face.status()).witnesses).toEqual([])
  expect(await changes()).toMatchObject([{ kind: 'witness-change', predicate: { action: 'added', operator: 'own', vkey } }, { kind: 'witness-change', predicate: { action: 'removed', vkey } }])
  const { rows } = await sql<object>`select action, actor_name, request_id from audit.event where subject_kind = 'witness' order by id`.execute(db.reader)
  expect(rows).toEqual(['witness.added', 'witness.removed'].map((action) => ({ action, actor_name: 'Ada', request_id: 'r-1' })))
})

test('a key that is none, or a witness that nobody asks, changes nothing', async () => {
  const before = (await changes()).length
  await expect(face.addWitness(ADA, { vkey: 'no key', url: 'https://witness.example', operator: 'other' })).rejects.toMatchObject({ code: 'malformed' })
  await expect(face.removeWitness(ADA, vkey)).rejects.toMatchObject({ code: 'not-found', mend: expect.stringContaining('log status') })
  expect((await changes()).length).toBe(before)
})
