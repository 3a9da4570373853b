import { createPublicKey, generateKeyPairSync } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startBentProvider, startOidcProvider, type BentProvider, type OidcServer } from './oidc-provider.fixture.ts'
import { formIn, OPERATOR, ORIGIN, removeFolders, standForFederation, startTemporaryServer, type FederationStand, type TemporaryServer, type Visitor } from './federation.fixture.ts'

let server: TemporaryServer
let stand: FederationStand
let idp: OidcServer
let provider: string

const SETTINGS = { kind: 'oidc', title: 'Harbour accounts', clientId: 'vouchsafe', clientSecret: 'a long client secret', secondFactor: 'trusted', createFor: ['example.com'] }

beforeAll(async () => {
  server = await startTemporaryServer()
  stand = await standForFederation(server)
  idp = await startOidcProvider()
  provider = await stand.provider({ ...SETTINGS, issuer: idp.issuer })
  const api = `${ORIGIN}/api/v1/federation/${provider}`
  idp.register({ clientId: 'vouchsafe', clientSecret: 'a long client secret', redirectUri: `${api}/callback`, signedOut: `${ORIGIN}/console/sign-in`, backChannelLogout: `${api}/back-channel-logout` })
})
afterAll(async () => {
  await idp.close()
  await server.stop()
  removeFolders()
})

/** Signs in at the provider, as a person would: the login, then the question whether Vouchsafe may know. */
async function signIn(visitor: Visitor, login: string, from?: URL): Promise<string> {
  let page = await visitor.go(from ?? (await visitor.leave(provider)))
  for (let forms = 0; forms < 3 && page.url.startsWith('http'); forms++) {
    const { action, fields } = formIn(page)
    page = await visitor.go(action, { ...fields, ...('login' in fields ? { login, password: 'anything' } : {}) })
  }
  return page.url
}

describe('signing in through an OpenID Connect provider', () => {
  it('creates somebody of an allowed domain once, and knows them again by issuer and subject', async () => {
    const first = stand.visitor()
    expect(await signIn(first, 'ada')).toBe('/console')
    const id = await first.person()
    expect(await stand.people.find(id ?? '')).toMatchObject({ displayName: 'Ada', email: 'ada@example.com', state: 'active' })
    const again = stand.visitor()
    expect(await signIn(again, 'ada')).toBe('/console')
    expect(await again.person()).toBe(id)
    expect(stand.heard.filter(({ name }) => name === 'account.linked')).toHaveLength(1)
  })

  it('goes back to where it was begun, and to no other site', async () => {
    const visitor = stand.visitor()
    expect(await signIn(visitor, 'ada', await visitor.leave(provider, { return: '/console/people?q=a' }))).toBe('/console/people?q=a')
    for (const bad of ['//evil.example', '/\\evil.example', 'https://evil.example/', '/api/v1/federation/sign-out', '/console/../api/v1/x']) {
      const other = stand.visitor()
      expect(await signIn(other, 'ada', await other.leave(provider, { return: bad })), bad).toBe('/console')
    }
  })

  it('asks for no more than who somebody is', async () => {
    const { searchParams } = await stand.visitor().leave(provider)
    expect(searchParams.get('scope')?.split(' ').toSorted()).toEqual(['email', 'openid', 'profile'])
    expect([...searchParams.keys()].toSorted()).toEqual(['client_id', 'code_challenge', 'code_challenge_method', 'nonce', 'redirect_uri', 'response_type', 'scope', 'state'])
    expect(Object.fromEntries(searchParams)).toMatchObject({ response_type: 'code', code_challenge_method: 'S256' })
  })

  it('begins with a page of ours, or by hand, and never by a link of another site', async () => {
    for (const fetchSite of ['cross-site', 'same-site']) {
      const lured = stand.visitor({ fetchSite })
      expect((await lured.leave(provider, { return: '/console/people' })).href, fetchSite).toBe(`${ORIGIN}/console/sign-in?return=%2Fconsole%2Fpeople`)
      expect(lured.cookies, fetchSite).toEqual({})
    }
    for (const fetchSite of ['same-origin', 'none']) expect((await stand.visitor({ fetchSite }).leave(provider)).href, fetchSite).toContain(idp.issuer)
  })

  it('lets two people in at once, each as themselves', async () => {
    const names = Array.from({ length: 12 }, (_, index) => `person${index}x`)
    const visitors = names.map(() => stand.visitor())
    const places = await Promise.all(visitors.map((visitor, index) => signIn(visitor, names[index] ?? '')))
    expect(new Set(places)).toEqual(new Set(['/console']))
    const people = await Promise.all(visitors.map(async (visitor) => (await stand.people.find((await visitor.person()) ?? ''))?.email))
    expect(people).toEqual(names.map((name) => `${name}@example.com`))
  })
})

describe('who somebody from a provider is', () => {
  it('never takes over a person by their address, and says how to go on', async () => {
    const bo = await stand.add({ displayName: 'Bo', email: 'Bo@Example.com' })
    const visitor = stand.visitor()
    expect(await signIn(visitor, 'bo')).toBe('/console/sign-in?problem=address-taken')
    expect(await visitor.person()).toBeUndefined()
    expect(await visitor.call('GET /federation/problems/address-taken')).toMatchObject({ mend: expect.stringContaining('add the provider') })
    expect((await stand.people.find(bo.id))?.version).toBe(bo.version)
  })

  it('creates nobody of a domain that is not listed, nor where creation is off', async () => {
    for (const [createFor, reason] of [[['example.org'], 'address-not-allowed'], [['ample.com'], 'address-not-allowed'], [[], 'no-account']] as const) {
      await change({ createFor })
      expect(await signIn(stand.visitor(), `new${reason}`)).toBe(`/console/sign-in?problem=${reason}`)
    }
    await change({ createFor: ['example.com'] })
  })

  it('lets a signed-in person add an account with a step-up, and takes it for nobody else after', async () => {
    const cy = await stand.add({ displayName: 'Cy', email: 'cy@elsewhere.example' })
    const visitor = await signedIn(cy.id)
    const { location } = await visitor.call<{ location: string }>(`POST /federation/providers/${provider}/link`, { return: '/console/account' })
    expect(await signIn(visitor, 'cyrus', new URL(location))).toBe(`/console/account?linked=${provider}`)
    const other = stand.visitor()
    expect(await signIn(other, 'cyrus')).toBe('/console')
    expect(await other.person()).toBe(cy.id)
    const dee = await signedIn((await stand.add({ displayName: 'Dee' })).id)
    const again = await dee.call<{ location: string }>(`POST /federation/providers/${provider}/link`, { return: '/console/account' })
    expect(await signIn(dee, 'cyrus', new URL(again.location))).toBe('/console/account?problem=already-linked')
  })

  it('adds nothing to whoever was signed out, or deactivated, while they were at the provider', async () => {
    const eli = await stand.add({ displayName: 'Eli' })
    const visitor = await signedIn(eli.id)
    const { location } = await visitor.call<{ location: string }>(`POST /federation/providers/${provider}/link`, {})
    await stand.change((tx) => stand.people.signOutEverywhere(tx, eli.id))
    expect(await signIn(visitor, 'elias', new URL(location))).toBe('/console?problem=signed-out')
    expect(await signIn(stand.visitor(), 'elias')).toBe('/console')
    expect((await stand.people.findByEmail('elias@example.com'))?.id).not.toBe(eli.id)
  })

  it('redeems an invitation once, whatever the address at the provider is', async () => {
    const { person, token } = await invited('fay@elsewhere.example')
    const visitor = stand.visitor()
    const { location } = await visitor.call<{ location: string }>(`POST /federation/providers/${provider}/invitation`, { token })
    expect(await signIn(visitor, 'fay', new URL(location))).toBe('/console')
    expect(await visitor.person()).toBe(person)
    expect(await stand.people.find(person)).toMatchObject({ state: 'active', email: 'fay@elsewhere.example' })
    await expect(stand.visitor().call(`POST /federation/providers/${provider}/invitation`, { token })).rejects.toMatchObject({ code: 'not-allowed' })
  })

  it('lets nobody in who was deactivated, and ends what they held', async () => {
    const visitor = stand.visitor()
    await signIn(visitor, 'gus')
    const id = (await visitor.person()) ?? ''
    await stand.people.deactivate(id as never, { by: { kind: 'operator', name: 'test' }, way: 'cli' })
    expect(await visitor.person()).toBeUndefined()
    expect(await signIn(stand.visitor(), 'gus')).toBe('/console/sign-in?problem=not-active')
  })

  it('keeps the memberships that follow the provider, and touches no others', async () => {
    const [staff, gone, kept] = await Promise.all(['Staff', 'Gone', 'Kept'].map((name) => stand.change((tx) => stand.people.createGroup(tx, { name }))))
    if (!staff || !gone || !kept) throw new Error('no groups')
    await change({ groupsFrom: 'groups', groups: [{ named: 'staff', group: staff.id }, { named: 'hal', group: gone.id }, { named: 'nobody', group: kept.id }] })
    const visitor = stand.visitor()
    await signIn(visitor, 'hal')
    const id = (await visitor.person()) as never
    expect((await stand.people.groupsOf(id)).map(({ name }) => name)).toEqual(['Gone', 'Staff'])
    await stand.change((tx) => stand.people.changeMembers(tx, kept.id, { add: [id] }, null))
    await change({ groups: [{ named: 'staff', group: staff.id }, { named: 'other', group: gone.id }, { named: 'nobody', group: kept.id }] })
    await signIn(stand.visitor(), 'hal')
    expect((await stand.people.groupsOf(id)).map(({ name }) => name)).toEqual(['Kept', 'Staff'])
    await change({ groupsFrom: null, groups: [] })
  })

  it('goes on with our own second factor unless the provider says that it asked for one', async () => {
    for (const secondFactor of ['ours', 'when-said']) {
      await change({ secondFactor })
      const visitor = stand.visitor()
      expect(await signIn(visitor, 'ada'), secondFactor).toMatch(/^\/console\/sign-in\?next=enrol/)
      expect(await visitor.person()).toBeUndefined()
      expect(visitor.cookies).toHaveProperty('__Host-sign-in')
    }
    await change({ secondFactor: 'trusted' })
    expect(stand.continued).toHaveLength(2)
  })
})

describe('what a browser brings back', () => {
  it('is worth nothing in another browser, a second time, too late, or at another provider', async () => {
    const away = await arrival('ida')
    const stranger = stand.visitor()
    expect((await stranger.go(away.url)).url).toBe('/console/sign-in?problem=not-begun-here')
    expect(await stranger.person()).toBeUndefined()
    const elsewhere = await stand.provider({ ...SETTINGS, title: 'Another', issuer: 'http://127.0.0.1:9' })
    expect((await away.visitor.go(away.url.href.replace(provider, elsewhere))).url).toBe('/console/sign-in?problem=not-begun-here')
    const cookies = { ...away.visitor.cookies }
    expect((await away.visitor.go(away.url)).url).toBe('/console')
    Object.assign(away.visitor.cookies, cookies)
    expect((await away.visitor.go(away.url)).url).toMatch(/problem=(not-trusted|used-already)/)

    const late = await arrival('ida')
    stand.clock.advance(10 * 60_000)
    expect((await late.visitor.go(late.url)).url).toBe('/console/sign-in?problem=not-begun-here')
    stand.clock.advance(-10 * 60_000)
    const early = await arrival('ida')
    stand.clock.advance(-11 * 60_000)
    expect((await early.visitor.go(early.url)).url).toBe('/console/sign-in?problem=not-begun-here')
    stand.clock.advance(11 * 60_000)
  })

  it('says when the provider refuses, and repeats no word of it', async () => {
    const visitor = stand.visitor()
    const state = (await visitor.leave(provider)).searchParams.get('state') ?? ''
    expect((await visitor.go(`${ORIGIN}/api/v1/federation/${provider}/callback?error=access_denied&error_description=%3Cscript%3E&state=${state}&iss=${encodeURIComponent(idp.issuer)}`)).url).toBe('/console/sign-in?problem=declined')
  })
})

describe('single logout', () => {
  it('ends the session of the provider when somebody signs out here', async () => {
    const visitor = stand.visitor()
    await signIn(visitor, 'jo')
    const { location } = await visitor.call<{ location: string }>('POST /federation/sign-out')
    expect(location).toContain(`${idp.issuer}/session/end?`)
    expect(await visitor.person()).toBeUndefined()
    const { action, fields } = formIn(await visitor.go(location))
    expect((await visitor.go(action, { ...fields, logout: 'yes' })).url).toBe('/console/sign-in')
    const { text } = await visitor.go(await visitor.leave(provider))
    expect(text).toMatch(/name="login"/)
  })

  it('is heard when the provider ends its session, and only once', async () => {
    const bent = await startBentProvider()
    const id = await bentProvider(bent)
    const visitor = stand.visitor()
    await comeBack(visitor, bent, id, { sid: 'their session' })
    expect(await visitor.person()).toBeDefined()
    const now = Math.floor(stand.clock.now().getTime() / 1000)
    const claims = { iss: bent.issuer, aud: 'vouchsafe', iat: now, jti: 'one', sid: 'their session', events: { 'http://schemas.openid.net/event/backchannel-logout': {} } }
    const send = (token: string) => visitor.answer(`POST /federation/${id}/back-channel-logout`, Buffer.from(new URLSearchParams({ logout_token: token }).toString()))
    const stranger = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey
    // Each is right in all but one thing.
    const order = (given: Record<string, unknown>, how: Parameters<BentProvider['signed']>[1] = {}) => bent.signed(given, { typ: 'logout+jwt', ...how })
    const wrong: [string, string][] = [
      ['an id token', order({ ...claims, events: undefined, nonce: 'n', sub: 'kim' })],
      ['with a nonce', order({ ...claims, nonce: 'n' })],
      ['for somebody else', order({ ...claims, aud: 'another' })],
      ['of another issuer', order({ ...claims, iss: idp.issuer })],
      ['of another time', order({ ...claims, iat: now - 1200 })],
      ['of the future', order({ ...claims, iat: now + 300 })],
      ['without an id', order({ ...claims, jti: undefined })],
      ['of nobody', order({ ...claims, sid: undefined })],
      ['unsigned', order(claims, { alg: 'none', signature: '' })],
      ['signed with the public key as a secret', order(claims, { alg: 'HS256', hmac: JSON.stringify(bent.keys[0]) })],
      ['signed by somebody else', order(claims, { key: generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey })],
      ['of another type', order(claims, { typ: 'at+jwt' })],
      ['that brings its own key', order(claims, { key: stranger, header: { jwk: createPublicKey(stranger).export({ format: 'jwk' }) } })],
      ['of the type of any token', order(claims, { typ: 'JWT' })],
      ['without a type', bent.signed(claims)],
      ['without its event', order({ ...claims, events: { 'http://schemas.openid.net/event/another': {} } })],
    ]
    for (const [what, token] of wrong) await expect(send(token), what).rejects.toMatchObject({ code: 'bad-input' })
    expect(await visitor.person()).toBeDefined()
    const token = order(claims)
    expect((await send(token)).status).toBe(200)
    expect(await visitor.person()).toBeUndefined()
    await expect(send(token)).rejects.toMatchObject({ code: 'bad-input' })
    await bent.close()
  })
})

describe('an id token', () => {
  let bent: BentProvider
  let id: string
  beforeAll(async () => {
    bent = await startBentProvider()
    id = await bentProvider(bent)
  })
  afterAll(() => bent.close())

  it('is believed when everything about it is right, within a minute of skew', async () => {
    const now = Math.floor(stand.clock.now().getTime() / 1000)
    for (const claims of [{}, { iat: now + 50 }, { exp: now - 50 }, { aud: ['vouchsafe', 'another'], azp: 'vouchsafe' }]) {
      const visitor = stand.visitor()
      expect(await comeBack(visitor, bent, id, claims), JSON.stringify(claims)).toBe('/console')
    }
  })

  const now = (): number => Math.floor(stand.clock.now().getTime() / 1000)
  const other = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey
  it.each<[string, () => Record<string, unknown>, object?]>([
    ['of another issuer', () => ({ iss: idp.issuer })],
    ['for another client', () => ({ aud: 'another' })],
    ['for several, without saying for whom', () => ({ aud: ['vouchsafe', 'another'] })],
    ['for several, made for another', () => ({ aud: ['vouchsafe', 'another'], azp: 'another' })],
    ['that is over', () => ({ exp: now() - 120 })],
    ['without an end', () => ({ exp: undefined })],
    ['without a subject', () => ({ sub: undefined })],
    ['of another sign-in (nonce)', () => ({ nonce: 'another' })],
    ['without a nonce', () => ({ nonce: undefined })],
    ['that is not signed', () => ({}), { alg: 'none', signature: '' }],
    ['signed with the client secret', () => ({}), { alg: 'HS256', hmac: 'a long client secret' }],
    ['signed with the public key as a secret', () => ({}), { alg: 'HS256', hmac: 'key' }],
    ['signed by somebody else under our kid', () => ({}), { key: other }],
    ['signed by a key that is not published', () => ({}), { key: other, kid: 'two' }],
    ['that brings its own key', () => ({}), { key: other, header: { jwk: { ...createPublicKey(other).export({ format: 'jwk' }), kid: 'one' } } }],
    ['that says where its key lies', () => ({}), { key: other, header: { jku: 'http://127.0.0.1:9/keys', x5u: 'http://127.0.0.1:9/keys' } }],
    ['with extensions that nobody here knows', () => ({}), { header: { crit: ['b64'], b64: true } }],
    ['said to be signed otherwise', () => ({}), { alg: 'PS256' }],
    ['with a broken signature', () => ({}), { signature: 'AAAA' }],
  ])('%s is refused', async (_what, claims, how) => {
    const visitor = stand.visitor()
    expect(await comeBack(visitor, bent, id, claims(), how)).toBe('/console/sign-in?problem=not-trusted')
    expect(await visitor.person()).toBeUndefined()
  })

  it('is refused where the answer names another issuer, or none although the provider always does (mix-up)', async () => {
    for (const iss of [idp.issuer, null]) expect(await comeBack(stand.visitor(), bent, id, {}, {}, iss)).toBe('/console/sign-in?problem=not-trusted')
  })

  it('stays here: the browser never gets it, and the database holds it sealed', async () => {
    const visitor = stand.visitor()
    expect(await comeBack(visitor, bent, id, {})).toBe('/console')
    const given = JSON.stringify([visitor.cookies, visitor.lastSetCookies])
    const { rows } = await stand.db.appPool.query<{ line: string }>('select a::text as line from federation.account a where issuer = $1', [bent.issuer])
    expect(rows.length).toBeGreaterThan(0)
    for (const part of [bent.idToken, bent.idToken.split('.')[1] ?? '', Buffer.from(bent.idToken).toString('hex')]) {
      expect(given).not.toContain(part)
      expect(JSON.stringify(rows)).not.toContain(part)
    }
  })

  it('leaves no word of it, and no code, in the audit', async () => {
    const audit = await stand.audit()
    expect(audit).toContain('federation.refuse')
    for (const secret of ['eyJ', 'a long client secret', 'the code']) expect(audit).not.toContain(secret)
  })

  it('of a new key is believed once the provider publishes it', async () => {
    const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
    bent.keys = [{ ...publicKey.export({ format: 'jwk' }), kid: 'two', use: 'sig', alg: 'RS256' }]
    // Any change of its settings has everything about it looked up anew.
    await stand.visitor().call(`PATCH /federation/providers/${id}`, { title: 'Rotated' }, { actor: OPERATOR })
    expect(await comeBack(stand.visitor(), bent, id, {}, { key: privateKey, kid: 'two' })).toBe('/console')
    Object.assign(bent, { key: privateKey, kid: 'two' })
  })

  it('must be fresh where that was asked for', async () => {
    const stale = stand.visitor()
    expect(await comeBack(stale, bent, id, { auth_time: now() - 3600 }, {}, bent.issuer, { fresh: '1' })).toBe('/console/sign-in?problem=not-fresh')
    expect(await comeBack(stand.visitor(), bent, id, { auth_time: now() }, {}, bent.issuer, { fresh: '1' })).toBe('/console')
  })

  it('never comes while the provider is away, and that is said', async () => {
    bent.away = true
    const fresh = await stand.provider({ ...SETTINGS, title: 'Away', issuer: `${bent.issuer}/tenant` })
    expect((await stand.visitor().leave(fresh)).pathname + (await stand.visitor().leave(fresh)).search).toBe('/console/sign-in?problem=provider-away')
    // Known from before, it is at least left for; what it answers then is another matter.
    expect((await stand.visitor().leave(id)).origin).toBe(bent.issuer)
    expect(await comeBack(stand.visitor(), bent, id, {})).toBe('/console/sign-in?problem=provider-away')
    bent.away = false
  })

  it('is taken from no provider whose discovery names another issuer, or leads out of TLS', async () => {
    bent.discovery = { ...bent.discovery, issuer: idp.issuer }
    await stand.visitor().call(`PATCH /federation/providers/${id}`, { title: 'Changed' }, { actor: OPERATOR })
    expect((await stand.visitor().leave(id)).search).toBe('?problem=not-trusted')
  })
})

describe('setting providers up', () => {
  it('shows no secret again, and calls nothing without TLS but this machine', async () => {
    const shown = JSON.stringify(await stand.visitor().call('GET /federation/providers', undefined, { actor: OPERATOR }))
    expect(shown).not.toContain('a long client secret')
    expect(shown).toContain('/callback')
    await expect(stand.provider({ ...SETTINGS, title: 'Plain', issuer: 'http://idp.example.com' })).rejects.toMatchObject({ code: 'bad-input', fields: [{ pointer: '/issuer', message: expect.any(String) }] })
    await expect(stand.provider({ ...SETTINGS, title: 'Twice', issuer: idp.issuer })).rejects.toMatchObject({ code: 'conflict' })
    const { rows } = await stand.db.appPool.query<{ line: string }>('select p::text as line from federation.provider p')
    expect(rows.map(({ line }) => line).join()).not.toContain('a long client secret')
  })

  it('calls no private address unless the operator allows it', async () => {
    const outside = await standForFederation(server, { allowPrivate: false })
    await expect(outside.provider({ ...SETTINGS, issuer: idp.issuer })).rejects.toMatchObject({ code: 'bad-input' })
    const id = await outside.provider({ ...SETTINGS, issuer: 'https://127.0.0.1:9/' })
    const { findings } = await outside.visitor().call<{ findings: { ok: boolean; detail: string }[] }>(`POST /federation/providers/${id}/test`, {}, { actor: OPERATOR })
    expect(findings).toMatchObject([{ ok: false, detail: expect.stringContaining('not public') }])
  })

  it('raises nobody above themselves: by a group, or by pointing a provider elsewhere', async () => {
    const [admins] = [await stand.change((tx) => stand.people.createGroup(tx, { name: 'Administrators' }))]
    stand.above.add(admins.id)
    const giver = { kind: 'person', id: (await stand.add()).id, by: { kind: 'session', sessionId: 'x', strongUntil: new Date(8e15) } } as const
    const patch = (change: object) => stand.visitor().call(`PATCH /federation/providers/${provider}`, change, { actor: giver })
    await expect(patch({ groupsFrom: 'groups', groups: [{ named: 'staff', group: admins.id }] })).rejects.toMatchObject({ code: 'not-allowed' })
    await expect(patch({ defaultGroups: [admins.id] })).rejects.toMatchObject({ code: 'not-allowed' })
    const owner = (await stand.people.findByEmail('ada@example.com'))?.id ?? ''
    stand.above.add(owner)
    await expect(patch({ issuer: 'https://evil.example' })).rejects.toMatchObject({ code: 'not-allowed' })
    await expect(patch({ secondFactor: 'when-said' })).rejects.toMatchObject({ code: 'not-allowed' })
    expect(await patch({ title: 'Harbour' })).toMatchObject({ title: 'Harbour' })
    stand.above.clear()
  })

  it('answers a change to an older version with what is there now', async () => {
    const before = await stand.visitor().answer(`GET /federation/providers/${provider}`, undefined, { actor: OPERATOR })
    expect(before.status).toBe(200)
    await expect(stand.visitor().call(`PATCH /federation/providers/${provider}`, { title: 'Older' }, { actor: OPERATOR, ifMatch: '1' })).rejects.toMatchObject({ code: 'precondition-failed', current: { title: 'Harbour' } })
  })

  it('ends every session that came by a provider when it is removed', async () => {
    const visitor = stand.visitor()
    await signIn(visitor, 'lou')
    expect(await visitor.person()).toBeDefined()
    await stand.visitor().call(`DELETE /federation/providers/${provider}`, undefined, { actor: OPERATOR })
    expect(await visitor.person()).toBeUndefined()
    expect((await stand.visitor().leave(provider)).search).toBe('?problem=unknown-provider')
  })
})

const change = (settings: Record<string, unknown>) => stand.visitor().call(`PATCH /federation/providers/${provider}`, settings, { actor: OPERATOR })

/** A browser in which somebody is signed in, strongly, as if by a passkey. */
async function signedIn(person: string): Promise<Visitor> {
  const visitor = stand.visitor()
  const known = await stand.people.find(person)
  if (known === undefined) throw new Error('nobody')
  const { cookies } = await stand.change((tx) => stand.authentication.sessions.begin(tx, { person: known, factors: ['passkey'], client: visitor.client, strong: true }))
  for (const { name, value } of cookies) if (value !== '') visitor.cookies[`__Host-${name}`] = value
  return visitor
}

async function invited(email: string): Promise<{ person: string; token: string }> {
  const { person } = await stand.change((tx) => stand.invitations.invite(tx, { displayName: 'Fay', email }, { kind: 'operator', name: 'test' }))
  const [, token = ''] = /#(?:token=)?(\S+)/.exec(stand.post.sent.at(-1)?.text ?? '') ?? []
  return { person, token }
}

/** Somebody who has agreed at the provider, and whose browser stands before our callback. */
async function arrival(login: string): Promise<{ visitor: Visitor; url: URL }> {
  const visitor = stand.visitor()
  let page = await visitor.go(await visitor.leave(provider), undefined, 'callback')
  while (!page.url.includes('/callback?')) {
    const { action, fields } = formIn(page)
    page = await visitor.go(action, { ...fields, ...('login' in fields ? { login, password: 'x' } : {}) }, 'callback')
  }
  return { visitor, url: new URL(page.url) }
}

const bentProvider = (bent: BentProvider): Promise<string> => stand.provider({ ...SETTINGS, title: `Bent ${bent.issuer}`, issuer: bent.issuer })

/** Leaves for a bent provider and comes back with an id token of its making. @returns where it ends */
async function comeBack(visitor: Visitor, bent: BentProvider, id: string, claims: Record<string, unknown>, how: object = {}, iss: string | null = bent.issuer, query: Record<string, string> = {}): Promise<string> {
  const left = await visitor.leave(id, query)
  const now = Math.floor(stand.clock.now().getTime() / 1000)
  bent.idToken = bent.signed({ iss: bent.issuer, sub: 'kim', aud: 'vouchsafe', iat: now, exp: now + 300, nonce: left.searchParams.get('nonce'), email: `kim${new URL(bent.issuer).port}@example.com`, email_verified: true, name: 'Kim', ...claims }, how)
  const back = new URL(`${ORIGIN}/api/v1/federation/${id}/callback`)
  for (const [name, value] of Object.entries({ code: 'the code', state: left.searchParams.get('state') ?? '', ...(iss === null ? {} : { iss }) })) back.searchParams.set(name, value)
  return (await visitor.go(back)).url
}
