import { generateKeyPairSync, sign, type KeyObject } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { discoveryUrl, readDiscovery } from './discovery.ts'
import { ALGORITHMS, readKeySet, readToken, verifyToken } from './jwt.ts'
import { Refusal } from './refusal.ts'

const ISSUER = 'https://idp.example/tenant/'
const document = { issuer: ISSUER, authorization_endpoint: 'https://idp.example/authorize', token_endpoint: 'https://idp.example/token', jwks_uri: 'https://idp.example/keys', id_token_signing_alg_values_supported: ['none', 'HS256', 'RS256', 'ES256', 'constructor'] }
const why = (work: () => unknown): string => {
  try {
    work()
    return 'it was taken'
  } catch (error) {
    if (error instanceof Refusal) return error.why
    throw error
  }
}

describe('a discovery document', () => {
  it('leaves only signatures with a key pair', () => {
    expect(readDiscovery(document, ISSUER).id_token_signing_alg_values_supported).toEqual(['RS256', 'ES256'])
    expect(readDiscovery({ ...document, id_token_signing_alg_values_supported: undefined }, ISSUER).id_token_signing_alg_values_supported).toEqual(['RS256'])
    expect(why(() => readDiscovery({ ...document, id_token_signing_alg_values_supported: ['none', 'HS256'] }, ISSUER))).toBe('it signs id tokens in no way that can be verified')
    expect(discoveryUrl(ISSUER)).toBe('https://idp.example/tenant/.well-known/openid-configuration')
  })

  it('of another issuer, with an end in the clear, or without one is refused', () => {
    expect(why(() => readDiscovery(document, 'https://idp.example/tenant'))).toMatch(/of the issuer/)
    for (const name of ['authorization_endpoint', 'token_endpoint', 'jwks_uri', 'userinfo_endpoint', 'end_session_endpoint']) expect(why(() => readDiscovery({ ...document, [name]: 'http://idp.example/x' }, ISSUER)), name).toBe(`its ${name} is not https`)
    for (const name of ['token_endpoint', 'jwks_uri']) expect(why(() => readDiscovery({ ...document, [name]: undefined }, ISSUER)), name).toBe(`its discovery document lacks ${name}`)
    for (const bad of [null, [], 'x', { ...document, token_endpoint: 'javascript:alert(1)' }]) expect(why(() => readDiscovery(bad, ISSUER))).toMatch(/lacks/)
  })
})

describe('a signed token', () => {
  const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url')
  const pairs: Record<string, { privateKey: KeyObject; publicKey: KeyObject }> = { RSA: generateKeyPairSync('rsa', { modulusLength: 2048 }), 'P-256': generateKeyPairSync('ec', { namedCurve: 'P-256' }), 'P-384': generateKeyPairSync('ec', { namedCurve: 'P-384' }), 'P-521': generateKeyPairSync('ec', { namedCurve: 'P-521' }), Ed25519: generateKeyPairSync('ed25519') }
  const make = (alg: string): { token: string; jwk: object } => {
    const { hash, kty, curve, pss } = ALGORITHMS[alg]!
    const { privateKey, publicKey } = pairs[curve ?? kty]!
    const text = `${part({ alg })}.${part({ sub: 'ada' })}`
    const options = { key: privateKey, ...(kty === 'EC' ? { dsaEncoding: 'ieee-p1363' as const } : {}), ...(pss ? { padding: 6, saltLength: -1 } : {}) }
    return { token: `${text}.${sign(hash, Buffer.from(text), options).toString('base64url')}`, jwk: publicKey.export({ format: 'jwk' }) }
  }

  it.each(Object.keys(ALGORITHMS))('by %s is believed with its key, and by no other algorithm', (alg) => {
    const { token, jwk } = make(alg)
    const keys = readKeySet({ keys: [jwk] })
    expect(why(() => verifyToken(readToken(token), keys))).toBe('it was taken')
    const [, payload, signature] = token.split('.')
    for (const other of [...Object.keys(ALGORITHMS).filter((name) => name !== alg), 'none', 'HS256', 'constructor']) expect(why(() => verifyToken(readToken(`${part({ alg: other })}.${payload}.${signature}`), keys)), other).not.toBe('it was taken')
    expect(why(() => verifyToken(readToken(`${token.split('.')[0]}.${part({ sub: 'owner' })}.${signature}`), keys))).toBe('a token whose signature does not fit')
    expect(why(() => verifyToken(readToken(token), readKeySet({ keys: [{ ...jwk, use: 'enc' }] })))).toMatch(/does not have/)
    expect(why(() => verifyToken(readToken(token), readKeySet({ keys: [{ ...jwk, kid: 'two' }, { kty: 'oct', k: 'AAAA' }] })))).toBe('it was taken')
  })

  it('of a short key is not believed', () => {
    const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 1024 })
    const text = `${part({ alg: 'RS256' })}.${part({})}`
    expect(why(() => verifyToken(readToken(`${text}.${sign('sha256', Buffer.from(text), privateKey).toString('base64url')}`), readKeySet({ keys: [publicKey.export({ format: 'jwk' })] })))).toBe('a token whose signature does not fit')
  })

  it.each(['', '.', '..', 'a.b', 'a.b.c.d', `${'x'.repeat(40_000)}.y.z`, '!.!.!', `${Buffer.from('[]').toString('base64url')}.e30.x`, `${Buffer.from('{"alg":"RS256","crit":["x"]}').toString('base64url')}.e30.x`])('%.20s is none', (text) => expect(why(() => readToken(text))).toMatch(/^a token/))
})
