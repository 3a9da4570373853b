import { createCleartextMessage, generateKey, revokeKey, sign, type PrivateKey } from 'openpgp'
import { beforeAll, describe, expect, it } from 'vitest'
import { verifyOpenPgp } from './openpgp.ts'

const at = new Date()
const utf8 = (text: string) => new TextEncoder().encode(text)
const text = 'Contact: mailto:security@example.org\nExpires: 2999-01-01T00:00:00Z\n'

async function newKey(options: { date?: Date; keyExpirationTime?: number } = {}) {
  const { privateKey, publicKey } = await generateKey({ userIDs: [{ name: 'Security', email: 'security@example.org' }], format: 'object', date: at, ...options })
  return { privateKey, armoured: { uri: 'https://example.org/key.asc', bytes: utf8(publicKey.armor()) }, binary: { uri: 'https://example.org/key.pgp', bytes: publicKey.write() }, fingerprint: publicKey.getFingerprint() }
}
const signed = async (key: PrivateKey | PrivateKey[], content = text, date = at) => sign({ message: await createCleartextMessage({ text: content }), signingKeys: key, date })

let ours: Awaited<ReturnType<typeof newKey>>
let other: typeof ours
beforeAll(async () => {
  ours = await newKey()
  other = await newKey()
})

describe('the signature of a security.txt', () => {
  it('is good by the key that made it, armoured or binary, with others beside it', async () => {
    const file = await signed(ours.privateKey)
    for (const keys of [[ours.armoured], [ours.binary], [other.armoured, ours.armoured]]) expect(await verifyOpenPgp(file, keys, new Date())).toEqual({ kind: 'good', fingerprint: ours.fingerprint })
  })

  it('is bad where one letter of the text was changed', async () => {
    const file = (await signed(ours.privateKey)).replace('security@', 'secure-it@')
    expect((await verifyOpenPgp(file, [ours.armoured], new Date())).kind).toBe('bad')
  })

  it('tells nothing where none of the keys made it, or none is a key', async () => {
    const file = await signed(ours.privateKey)
    expect(await verifyOpenPgp(file, [other.armoured], new Date())).toMatchObject({ kind: 'no-key' })
    expect(await verifyOpenPgp(file, [{ uri: 'https://example.org/', bytes: utf8('<html>not a key</html>') }], new Date())).toMatchObject({ kind: 'no-key' })
    expect(await verifyOpenPgp(file, [], new Date())).toMatchObject({ kind: 'no-key' })
  })

  it('is bad by a key that had expired when it was asked for', async () => {
    const old = await newKey({ date: new Date('2020-01-01'), keyExpirationTime: 86_400 })
    const file = await signed(old.privateKey, text, new Date('2020-01-01T12:00:00Z'))
    expect((await verifyOpenPgp(file, [old.armoured], new Date('2020-01-01T13:00:00Z'))).kind).toBe('good')
    expect((await verifyOpenPgp(file, [old.armoured], new Date('2021-01-01')))).toMatchObject({ kind: 'bad', detail: expect.stringMatching(/expired/i) })
  })

  it('is bad by a key that was revoked since', async () => {
    const { privateKey } = ours
    const { publicKey: revoked } = await revokeKey({ key: privateKey, format: 'object' })
    const file = await signed(privateKey)
    expect((await verifyOpenPgp(file, [{ uri: 'https://example.org/key', bytes: revoked.write() }], new Date())).kind).toBe('bad')
  })

  it('is bad for what is no signed text', async () => {
    for (const broken of ['', text, '-----BEGIN PGP SIGNED MESSAGE-----\n', '-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA512\n\nx\n-----BEGIN PGP SIGNATURE-----\n\nAAAA\n-----END PGP SIGNATURE-----\n']) {
      expect((await verifyOpenPgp(broken, [ours.armoured], at)).kind, broken).not.toBe('good')
    }
  })
})
