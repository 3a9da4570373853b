import { Encrypter, generateX25519Identity, identityToRecipient } from 'age-encryption'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { z } from 'zod'
import { createPrivateKey, createPublicKey, generateKeyPairSync, sign } from 'node:crypto'
import { decodeStatement, fromBase64, keyIdOf, parseEnvelope, toHex, type KeyChange } from '@vouchsafe/verify'
import { startTemporaryServer, type TemporaryServer } from '#core/database'
import type { Actor, Client } from '#core/module'
import { logMigrations } from '#core/log'
import { fullAccess, NO_ACCESS, type Access } from '#core/permission'
import { statementMigrations } from '#core/statement'
import { authentication, type Passkey } from '#modules/authentication'
import { identity, type Person } from '#modules/identity'
import { Authenticator } from '../authentication/authenticator.fixture.ts'
import { standOn, type Stand } from '../identity/people.fixture.ts'
import { createKeyholdingModule } from './module.ts'
import { keyholdingMigrations } from './store.ts'

const ORIGIN = 'https://security.example.com'
const EVERYTHING = fullAccess({ id: 'test', kind: 'person' }, { attestation: { title: 'Attestation', fields: {} } })

let server: TemporaryServer
let stand: Stand
let made: ReturnType<typeof createKeyholdingModule>
const passkeys = new Map<string, Passkey[]>()
const pair = generateKeyPairSync('ed25519')
const publicKey = Uint8Array.from(createPublicKey(createPrivateKey(pair.privateKey.export({ format: 'pem', type: 'pkcs8' }))).export({ format: 'der', type: 'spki' }).subarray(12))

beforeAll(async () => {
  server = await startTemporaryServer()
  stand = await standOn(server, { migrations: [logMigrations, statementMigrations, keyholdingMigrations] })
  made = createKeyholdingModule({ db: stand.db, events: stand.events, people: stand.people, signer: { publicKey, sign: (message) => Uint8Array.from(sign(null, message, pair.privateKey)) }, passkeysOf: async (id) => passkeys.get(id) ?? [] })
  stand.events.connect([{ contract: identity, reactions: [] }, { contract: authentication, reactions: [] }, made.module])
})
afterAll(async () => server?.stop())

async function call<R = Record<string, unknown>>(person: Person, on: string, { params = {}, body, access = EVERYTHING, session = `session of ${person.id}` }: { params?: Record<string, string>; body?: unknown; access?: Access; session?: string } = {}): Promise<R> {
  const route = made.module.routes.find((one) => one.on === on)
  if (route === undefined) throw new Error(`no route ${on}`)
  const actor: Actor = { kind: 'person', id: person.id, by: { kind: 'session', sessionId: session } }
  const client: Client = { address: '203.0.113.7', cookies: {}, origin: ORIGIN }
  const reply = await route.handle({ params, query: {}, body: route.body === undefined ? undefined : (route.body as z.ZodType).parse(body), actor, access, client, at: new Date() } as never)
  return route.reply.parse(reply.body) as R
}

interface Mine {
  keys: { id: string; recipient: string; keyId: string; endedAt?: string; wraps: { id: string; kind: string; file: string; passkey?: string }[] }[]
  signing: { keyId: string; passkey: string; role: string; rpId: string }[]
}
const mine = (person: Person): Promise<Mine> => call<Mine>(person, 'GET /me/keys')

/** What the log was told of somebody's keys. */
async function told(person: Person): Promise<Pick<KeyChange, 'action' | 'purpose' | 'key'>[]> {
  const { rows } = await stand.db.appPool.query<{ envelope: Buffer }>('select envelope from log.pending order by position')
  return rows.map(({ envelope }) => decodeStatement(fromBase64(parseEnvelope(envelope).payload))).flatMap((statement) => (statement.kind === 'key-change' && statement.predicate.holder === person.id ? [{ action: statement.predicate.action, purpose: statement.predicate.purpose, key: statement.predicate.key }] : []))
}

async function wrapped(how: (encrypter: Encrypter) => void): Promise<string> {
  const encrypter = new Encrypter()
  how(encrypter)
  return Buffer.from(await encrypter.encrypt('AGE-SECRET-KEY-1…')).toString('base64')
}
async function newKey(): Promise<{ recipient: string; wraps: { kind: string; passkey?: string; file: string }[] }> {
  const recipient = await identityToRecipient(await generateX25519Identity())
  const recovery = await identityToRecipient(await generateX25519Identity())
  return { recipient, wraps: [{ kind: 'passphrase', file: await byPassphrase() }, { kind: 'recovery', file: await wrapped((encrypter) => encrypter.addRecipient(recovery)) }] }
}
// Stretching takes a second: it is done once, and each file of the tests ends otherwise.
let stretched: Promise<string> | undefined
let count = 0
const byPassphrase = async (): Promise<string> => {
  stretched ??= wrapped((encrypter) => {
    encrypter.setScryptWorkFactor(17)
    encrypter.setPassphrase('quiet heron')
  })
  return Buffer.concat([Buffer.from(await stretched, 'base64'), Buffer.of(count++)]).toString('base64')
}
const byPasskey = (): Promise<string> => wrapped((encrypter) => encrypter.addRecipient({ wrapFileKey: async () => [{ args: ['age-encryption.org/fido2prf', 'AAAAAAAAAAAAAAAAAAAAAA'], body: new Uint8Array(32) }] }))

/** A passkey of this person, on a device that is at hand. */
function passkeyOf(person: Person, more: Partial<Passkey> = {}): { passkey: Passkey; device: Authenticator } {
  const device = new Authenticator()
  const { response } = device.create({ challenge: 'eA', user: { id: 'eA' }, rp: { id: 'security.example.com' } })
  const attested = Buffer.from(response.attestationObject, 'base64url')
  const passkey: Passkey = { id: crypto.randomUUID(), personId: person.id, credentialId: device.credentialId.toString('base64url'), userHandle: 'eA', publicKey: Uint8Array.from(attested.subarray(-77)), counter: 0, transports: ['internal'], name: 'Passkey', aaguid: '', backedUp: true, createdAt: new Date(), ...more }
  passkeys.set(person.id, [...(passkeys.get(person.id) ?? []), passkey])
  return { passkey, device }
}

async function signs(person: Person, { passkey, device }: ReturnType<typeof passkeyOf>, bent: Parameters<Authenticator['get']>[1] = {}): Promise<Mine['signing'][number]> {
  const options = await call<{ challenge: string; rpId: string }>(person, 'POST /me/signing/options', { body: { passkey: passkey.id } })
  const { authenticatorData, clientDataJSON, signature } = device.get(options, bent).response
  return call<Mine['signing'][number]>(person, 'POST /me/signing', { body: { passkey: passkey.id, authenticatorData, clientDataJSON, signature } })
}

test('a key is made, wrapped, and told to the log; what others encrypt to is what was given', async () => {
  const person = await stand.add()
  const key = await newKey()
  const { id, keyId } = await call<{ id: string; keyId: string }>(person, 'POST /me/keys', { body: key })
  expect(await mine(person)).toMatchObject({ keys: [{ id, recipient: key.recipient, wraps: [{ kind: 'passphrase', file: key.wraps[0]?.file }, { kind: 'recovery', file: key.wraps[1]?.file }] }] })
  expect(await made.recipientsOf([person.id, crypto.randomUUID()])).toEqual([{ person: person.id, recipient: key.recipient, keyId }])
  const [change] = await told(person)
  expect(change).toMatchObject({ action: 'added', purpose: 'encryption' })
  expect(keyIdOf(Uint8Array.from(Buffer.from(change?.key ?? '', 'hex')))).toBe(keyId)
})

test('a key without recovery, without something for every day, or with a wrap of another kind is refused', async () => {
  const person = await stand.add()
  const { recipient, wraps } = await newKey()
  const [daily, recovery] = wraps as [(typeof wraps)[number], (typeof wraps)[number]]
  for (const given of [[daily, daily], [recovery, recovery], [{ ...daily, kind: 'recovery' }, { ...recovery, kind: 'passphrase' }], [daily, recovery, daily], [{ kind: 'passkey', file: daily.file }, recovery], [{ kind: 'passkey', passkey: crypto.randomUUID(), file: await byPasskey() }, recovery], [{ ...daily, passkey: crypto.randomUUID() }, recovery], [{ ...daily, file: 'AAAA' }, recovery]])
    await expect(call(person, 'POST /me/keys', { body: { recipient, wraps: given } })).rejects.toMatchObject({ name: 'VouchsafeError' })
  for (const other of ['age1', recipient.toUpperCase(), `${recipient.slice(0, -1)}q`]) await expect(call(person, 'POST /me/keys', { body: { recipient: other, wraps } })).rejects.toMatchObject({ code: 'bad-input' })
  expect(await told(person)).toEqual([])
  expect(await mine(person)).toMatchObject({ keys: [] })
})

test('a new key ends the old one, which stays readable; no key is taken twice, not even by somebody else', async () => {
  const [person, other] = [await stand.add(), await stand.add()]
  const [first, second] = [await newKey(), await newKey()]
  await call(person, 'POST /me/keys', { body: first })
  await call(person, 'POST /me/keys', { body: second })
  const { keys } = await mine(person)
  expect(keys.map(({ recipient, endedAt, wraps }) => [recipient, endedAt === undefined, wraps.length])).toEqual([[second.recipient, true, 2], [first.recipient, false, 2]])
  expect((await told(person)).map(({ action }) => action)).toEqual(['added', 'revoked', 'added'])
  for (const whose of [person, other]) await expect(call(whose, 'POST /me/keys', { body: first })).rejects.toMatchObject({ code: 'conflict' })
})

test('of two keys made at the same moment one is current, and the log knows which', async () => {
  const person = await stand.add()
  const keys = await Promise.all([newKey(), newKey(), newKey(), newKey()])
  const outcomes = await Promise.allSettled(keys.map((body) => call(person, 'POST /me/keys', { body })))
  for (const outcome of outcomes) if (outcome.status === 'rejected') expect(outcome.reason).toMatchObject({ code: 'conflict' })
  const current = (await mine(person)).keys.filter(({ endedAt }) => endedAt === undefined)
  expect(current).toHaveLength(1)
  const changes = await told(person)
  const counting = changes.filter(({ action, key }) => action === 'added' && !changes.some((other) => other.action === 'revoked' && other.key === key))
  expect(counting.map(({ key }) => keyIdOf(Uint8Array.from(Buffer.from(key, 'hex'))))).toEqual(current.map(({ keyId }) => keyId))
})

test('ways to open a key come and go, and the recovery key is only ever replaced', async () => {
  const person = await stand.add()
  const { passkey } = passkeyOf(person)
  const { id } = await call<{ id: string }>(person, 'POST /me/keys', { body: await newKey() })
  const params = { key: id }
  const wrap = (body: object): Promise<{ id: string }> => call(person, 'POST /me/keys/{key}/wraps', { params, body })
  const made = await wrap({ kind: 'passkey', passkey: passkey.id, file: await byPasskey() })
  await wrap({ kind: 'passkey', passkey: passkey.id, file: await byPasskey() })
  const file = await byPassphrase()
  await wrap({ kind: 'passphrase', file })
  const { keys } = await mine(person)
  expect(keys[0]?.wraps.map(({ kind }) => kind).sort()).toEqual(['passkey', 'passphrase', 'recovery'])
  expect(keys[0]?.wraps.find(({ kind }) => kind === 'passphrase')?.file).toBe(file)
  const of = (kind: string): string => keys[0]?.wraps.find((one) => one.kind === kind)?.id ?? ''
  const remove = (wrapId: string): Promise<unknown> => call(person, 'DELETE /me/keys/{key}/wraps/{wrap}', { params: { ...params, wrap: wrapId } })
  await expect(remove(of('recovery'))).rejects.toMatchObject({ code: 'refused' })
  await expect(remove(made.id), 'it was replaced').rejects.toMatchObject({ code: 'not-found' })
  await remove(of('passphrase'))
  expect((await mine(person)).keys[0]?.wraps).toHaveLength(2)
})

test('nobody reaches the keys of somebody else', async () => {
  const [person, other] = [await stand.add(), await stand.add()]
  const { id } = await call<{ id: string }>(person, 'POST /me/keys', { body: await newKey() })
  const wrap = (await mine(person)).keys[0]?.wraps[0]?.id ?? ''
  expect((await mine(other)).keys).toEqual([])
  await expect(call(other, 'POST /me/keys/{key}/wraps', { params: { key: id }, body: { kind: 'passphrase', file: await byPassphrase() } })).rejects.toMatchObject({ code: 'not-found' })
  await expect(call(other, 'DELETE /me/keys/{key}/wraps/{wrap}', { params: { key: id, wrap } })).rejects.toMatchObject({ code: 'not-found' })
})

test('a passkey signs under the title that others entered, once it has shown that it is there', async () => {
  const person = await stand.add({ title: 'Head of Infrastructure' })
  const at = passkeyOf(person)
  for (const bent of [{ flags: 0x01 }, { origin: 'https://elsewhere.example' }, { rpId: 'elsewhere.example' }, { challenge: 'eA' }, { type: 'webauthn.create' }, { signature: true as const }]) await expect(signs(person, at, bent)).rejects.toMatchObject({ name: 'VerifyError' })
  expect(await told(person)).toEqual([])
  const signing = await signs(person, at)
  expect(signing).toEqual({ keyId: keyIdOf(at.passkey.publicKey), passkey: at.passkey.id, role: 'Head of Infrastructure', rpId: 'security.example.com' })
  expect(await told(person)).toEqual([{ action: 'added', purpose: 'attestation', key: toHex(at.passkey.publicKey) }])
  await expect(signs(person, at), 'twice').rejects.toMatchObject({ code: 'conflict' })
  await call(person, 'DELETE /me/signing/{keyId}', { params: { keyId: signing.keyId } })
  expect((await mine(person)).signing).toEqual([])
  await expect(signs(person, at), 'a revoked key never counts again').rejects.toMatchObject({ code: 'conflict' })
})

test('no title, no permission, a copy about, or somebody else’s passkey: nothing goes into the log', async () => {
  const [untitled, person, other] = [await stand.add(), await stand.add({ title: 'Engineer' }), await stand.add({ title: 'Engineer' })]
  await expect(signs(untitled, passkeyOf(untitled))).rejects.toMatchObject({ code: 'refused' })
  const at = passkeyOf(person)
  await expect(call(person, 'POST /me/signing/options', { body: { passkey: at.passkey.id }, access: NO_ACCESS })).rejects.toMatchObject({ code: 'refused' })
  await expect(signs(other, at)).rejects.toMatchObject({ code: 'not-found' })
  await expect(signs(person, passkeyOf(person, { suspectAt: new Date() }))).rejects.toMatchObject({ code: 'refused' })
  // What was signed in one session is worth nothing in another's.
  const options = await call<{ challenge: string; rpId: string }>(person, 'POST /me/signing/options', { body: { passkey: at.passkey.id } })
  const answer = { passkey: at.passkey.id, ...at.device.get(options).response }
  await expect(call(person, 'POST /me/signing', { body: { passkey: answer.passkey, authenticatorData: answer.authenticatorData, clientDataJSON: answer.clientDataJSON, signature: answer.signature }, session: 'another' })).rejects.toMatchObject({ name: 'VerifyError' })
  passkeys.set(other.id, [{ ...at.passkey, personId: other.id }])
  const { authenticatorData, clientDataJSON, signature } = at.device.get(options).response
  await expect(call(other, 'POST /me/signing', { body: { passkey: at.passkey.id, authenticatorData, clientDataJSON, signature } })).rejects.toMatchObject({ name: 'VerifyError' })
  expect([...(await told(untitled)), ...(await told(person)), ...(await told(other))]).toEqual([])
})

test('a passkey that is removed opens and signs no more', async () => {
  const person = await stand.add({ title: 'Engineer' })
  const at = passkeyOf(person)
  const key = await newKey()
  await call(person, 'POST /me/keys', { body: { ...key, wraps: [{ kind: 'passkey', passkey: at.passkey.id, file: await byPasskey() }, key.wraps[1]] } })
  await signs(person, at)
  await stand.change((tx) => stand.events.happened(tx, authentication, 'passkey.removed', { person: person.id, passkey: at.passkey.id }))
  expect(await mine(person)).toMatchObject({ keys: [{ wraps: [{ kind: 'recovery' }] }], signing: [] })
  expect((await told(person)).at(-1)).toMatchObject({ action: 'revoked', purpose: 'attestation' })
})

test('whoever is deactivated has no key that counts, and the log says so in the same change; what only they can open stays', async () => {
  const person = await stand.add({ title: 'Engineer' })
  const at = passkeyOf(person)
  await call(person, 'POST /me/keys', { body: await newKey() })
  await signs(person, at)
  await stand.people.deactivate(person.id, { by: { kind: 'operator', name: 'test' }, way: 'cli' })
  expect(await made.recipientsOf([person.id])).toEqual([])
  expect(await mine(person)).toMatchObject({ keys: [{ endedAt: expect.any(String), wraps: [{}, {}] }], signing: [] })
  const changes = await told(person)
  expect(changes.filter(({ action }) => action === 'revoked').map(({ purpose }) => purpose).sort()).toEqual(['attestation', 'encryption'])
  await expect(call(person, 'POST /me/keys', { body: await newKey() })).rejects.toMatchObject({ code: 'conflict' })
  await stand.people.reactivate(person.id, { kind: 'operator', name: 'test' })
  expect(await made.recipientsOf([person.id]), 'no key comes back by itself').toEqual([])
  await call(person, 'POST /me/keys', { body: await newKey() })
  expect(await made.recipientsOf([person.id])).toHaveLength(1)
})
