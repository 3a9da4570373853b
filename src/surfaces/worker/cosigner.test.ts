import { generateKeyPairSync, sign } from 'node:crypto'
import { expect, test } from 'vitest'
import { formatNote, formatVkey, SIGNATURE_TYPE, signNote, utf8, verifierKey } from '@vouchsafe/verify'
import { observationIn } from './cosigner.ts'

const pair = generateKeyPairSync('ed25519')
const publicKey = new Uint8Array(pair.publicKey.export({ type: 'spki', format: 'der' }).subarray(-32))
const signer = { publicKey, sign: async (message: Uint8Array) => new Uint8Array(sign(null, message, pair.privateKey)) }
const vkey = formatVkey(verifierKey('observer.example', SIGNATURE_TYPE.ed25519, publicKey))
const now = new Date('2026-03-01T12:00:00Z')

async function note({ header = 'vouchsafe/observation/v1', origin = 'log.example/one', at = '2026-03-01T11:59:00Z', seen = '{"claims":{"a":true}}' } = {}): Promise<Uint8Array> {
  const text = `${header}\n${origin}\n3\n${at}\n${seen}\n`
  return utf8(formatNote({ text, signatures: [await signNote(text, 'observer.example', signer)] }))
}
const read = (body: Uint8Array) => observationIn(body, vkey, 'log.example/one', now)

test('what an observer signed about this log is taken', async () => {
  expect(read(await note())).toEqual({ name: 'observer.example', at: new Date('2026-03-01T11:59:00Z'), claims: { a: true } })
  expect(read(await note({ seen: 'null' }))?.claims).toEqual({})
})

test.each([
  ['a time that is none, which would break the page', { at: 'soon' }],
  ['a time to come', { at: '2099-01-01T00:00:00Z' }],
  ['another log', { origin: 'log.example/two' }],
  ['another kind of note', { header: 'vouchsafe/observation/v2' }],
])('an observation with %s is not', async (_what, change) => expect(read(await note(change))).toBeUndefined())

test('nor is one that somebody else changed', async () => {
  const body = Buffer.from(await note()).toString().replace('"a":true', '"b":true')
  expect(() => read(utf8(body))).toThrow('does not fit')
})
