import { request } from 'node:http'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { ManualClock } from '#core/clock'
import { makePlace, openHere, type Answer, type Call, type Place, type RunningHere } from './installation.ts'
import { becomeOwner, invite, type Member } from './members.ts'

// What somebody inside would try to come to hold more than they were given, over HTTP alone.
const clock = new ManualClock(new Date())
let place: Place
let here: RunningHere
let owner: Member

beforeAll(async () => {
  place = await makePlace('esc')
  here = await openHere(place, { clock })
  owner = await becomeOwner(here, clock)
}, 240_000)
afterAll(async () => {
  await here?.installation.stop()
  place?.remove()
}, 60_000)

const post = (body: object = {}): Call => ({ method: 'POST', body })
const idOf = (answer: Answer): string => {
  if (answer.status >= 300) throw new Error(answer.text)
  return answer.json<{ id: string }>().id
}
const invited = async (displayName: string): Promise<{ person: string; invitation: string }> => {
  const answer = await here.operator('/api/v1/invitations', post({ displayName, email: `${displayName.toLowerCase().replaceAll(' ', '.')}@example.org` }))
  if (answer.status !== 201) throw new Error(answer.text)
  const { person, id } = answer.json<{ person: string; id: string }>()
  return { person, invitation: id }
}
const give = async (role: string, holder: { person: string } | { group: string }): Promise<string> => idOf(await here.operator('/api/v1/assignments', post({ role, ...holder, reason: 'test' })))
const role = async (title: string, ...rules: object[]): Promise<string> => idOf(await here.operator('/api/v1/roles', post({ title, sentence: title, rules })))
const group = async (name: string): Promise<string> => idOf(await here.operator('/api/v1/groups', post({ name })))

describe('whoever lets people in', () => {
  let manager: Member
  beforeAll(async () => {
    manager = await invite(here, clock, owner, 'Mona Manager', 'people')
  })

  test('leads nobody’s invitation to themselves: not of somebody who holds more and has yet to come', async () => {
    const { person, invitation } = await invited('Amy Arriving')
    await give('administrator', { person })
    expect((await manager.call(`/api/v1/people/${person}`, { method: 'PATCH', body: { email: 'mona+amy@example.org' } })).status).toBe(403)
    const resent = await manager.call(`/api/v1/invitations/${invitation}/resend`, post())
    expect([resent.status, resent.text.includes('#')]).toEqual([403, false])
  })

  test('nor of an owner who was invited anew', async () => {
    const second = await invite(here, clock, owner, 'Otto Owner')
    await give('owner', { person: second.id })
    const again = await here.operator(`/api/v1/people/${second.id}/re-invitation`, post())
    expect(again.status).toBe(202)
    expect((await manager.call(`/api/v1/people/${second.id}`, { method: 'PATCH', body: { email: 'mona+otto@example.org' } })).status).toBe(403)
    const { items } = (await manager.call('/api/v1/invitations?state=waiting')).json<{ items: { id: string; person: string }[] }>()
    const waiting = items.find((item) => item.person === second.id)
    expect((await manager.call(`/api/v1/invitations/${waiting?.id}/resend`, post())).status).toBe(403)
  })
})

describe('whoever is denied something', () => {
  const denial = { effect: 'deny', verb: 'act', record: 'evidence', names: ['read'] }

  test('takes the denial neither from themselves nor out of its role', async () => {
    const admin = await invite(here, clock, { ...owner, call: here.operator }, 'Dan Denied', 'administrator')
    const narrow = await role('No evidence', denial)
    const assignment = await give(narrow, { person: admin.id })
    expect((await admin.call(`/api/v1/assignments/${assignment}`, { method: 'DELETE' })).status).toBe(403)
    expect((await admin.call(`/api/v1/roles/${narrow}`, { method: 'PATCH', body: { rules: [] } })).status).toBe(403)
    expect((await admin.call(`/api/v1/roles/${narrow}`, { method: 'DELETE' })).status).toBe(403)
    // What is not denied to them they may lift for others.
    const other = await role('No settings', { effect: 'deny', verb: 'act', record: 'settings', names: ['read'] })
    const free = await give(other, { person: owner.id })
    expect((await admin.call(`/api/v1/assignments/${free}`, { method: 'DELETE' })).status).toBe(204)
  })

  test('does not leave the group that it comes by, and does not end the group', async () => {
    const admin = await invite(here, clock, { ...owner, call: here.operator }, 'Dora Denied', 'administrator')
    const denied = await group('Without evidence')
    await give(await role('No evidence by group', denial), { group: denied })
    expect((await here.operator(`/api/v1/groups/${denied}/members`, post({ add: [admin.id] }))).status).toBe(200)
    expect((await admin.call(`/api/v1/groups/${denied}/members`, post({ remove: [admin.id] }))).status).toBe(403)
    expect((await admin.call(`/api/v1/groups/${denied}`, { method: 'DELETE' })).status).toBe(403)
  })
})

describe('a token', () => {
  test('puts nobody into a group that gives a role, whatever its maker holds', async () => {
    const maker = await invite(here, clock, { ...owner, call: here.operator }, 'Tom Token', 'administrator')
    const admins = await group('Administrators by group')
    await give('administrator', { group: admins })
    const pawn = await invited('Pat Pawn')
    const token = await maker.token(['group.read', 'group.change'])
    const tried = await token(`/api/v1/groups/${admins}/members`, post({ add: [pawn.person] }))
    expect([tried.status, tried.json<{ type: string }>().type]).toEqual([403, 'urn:vouchsafe:problem:not-allowed'])
    expect((await here.operator(`/api/v1/groups/${admins}/members`)).text).not.toContain(pawn.person)
  })
})

describe('the public address', () => {
  test('is not moved by an administrator, nor by a token: every link that is mailed leads there, those of owners too', async () => {
    const admin = await invite(here, clock, { ...owner, call: here.operator }, 'Mia Mover', 'administrator')
    const move = { method: 'PATCH', body: { publicUrl: 'https://elsewhere.example' } }
    expect((await admin.call('/api/v1/settings', move)).status).toBe(403)
    expect((await admin.call('/api/v1/settings', { method: 'PATCH', body: { accent: '#0c6b5b' } })).status).toBe(200)
    const token = await owner.token(['settings.change', 'settings.move', 'settings.read'])
    expect((await token('/api/v1/settings', move)).status).toBe(403)
    expect((await here.operator('/api/v1/settings')).json()).not.toHaveProperty('publicUrl')
    // What stays as it is is no move: a form may send it along.
    const publicUrl = `http://localhost:${here.port}`
    expect((await here.operator('/api/v1/settings', { method: 'PATCH', body: { publicUrl } })).status).toBe(200)
    expect((await admin.call('/api/v1/settings', { method: 'PATCH', body: { publicUrl, accent: '#0c6b5c' } })).status).toBe(200)
  })
})

describe('a refusal', () => {
  test('shows nothing that may not be read, neither of a role nor of the security settings', async () => {
    const secret = await role('Quiet role', { effect: 'allow', verb: 'find', record: 'policy' })
    const blind = await role('Changes blindly', ...['role', 'security-setting'].flatMap((record) => [{ effect: 'allow', verb: 'find', record }, { effect: 'allow', verb: 'write', record }, { effect: 'allow', verb: 'act', record, names: ['change'] }]), { effect: 'allow', verb: 'find', record: 'policy' })
    const member = await invite(here, clock, { ...owner, call: here.operator }, 'Bo Blind', blind)
    const deleting = await member.call(`/api/v1/roles/${secret}`, { method: 'DELETE', headers: { 'if-match': '"7"' } })
    expect([deleting.status, deleting.text.includes('Quiet role')]).toEqual([412, false])
    const changing = await member.call('/api/v1/security-settings', { method: 'PATCH', body: { idleMinutes: 30 } })
    expect([changing.status, changing.text.includes('networkAllowList')]).toEqual([412, false])
  })

  test('of “why?” names no role and no group to somebody who may see neither', async () => {
    const team = await group('Quiet team')
    await give(await role('Quiet duty', { effect: 'allow', verb: 'find', record: 'policy' }), { group: team })
    const { person } = await invited('Wanda Watched')
    const watched = await invite(here, clock, { ...owner, call: here.operator }, 'Walt Watched')
    await here.operator(`/api/v1/groups/${team}/members`, post({ add: [watched.id, person] }))
    const explainer = await invite(here, clock, { ...owner, call: here.operator }, 'Eve Explains', await role('Explains', { effect: 'allow', verb: 'find', record: 'person' }, { effect: 'allow', verb: 'act', record: 'access', names: ['explain'] }))
    const why = await explainer.call(`/api/v1/access/why?person=${watched.id}&verb=find&record=policy`)
    expect([why.status, why.json<{ allowed: boolean }>().allowed]).toEqual([200, true])
    expect(why.text).not.toMatch(/Quiet/)
  })
})

describe('a directory', () => {
  const expiresAt = (): string => new Date(clock.now().getTime() + 86_400_000).toISOString()
  const connect = async (title: string, adoptsInvited = false): Promise<(path: string, given?: Call) => Promise<Answer>> => {
    const answer = await owner.call('/api/v1/directories', post({ title, adoptsInvited, expiresAt: expiresAt() }))
    if (answer.status !== 201) throw new Error(answer.text)
    const { token } = answer.json<{ token: string }>()
    return (path, given = {}) => here.public(`/scim/v2${path}`, { ...given, headers: { authorization: `Bearer ${token}`, 'content-type': 'application/scim+json' } })
  }
  const user = (userName: string, externalId: string): object => ({ schemas: ['urn:ietf:params:scim:schemas:core:2.0:User'], userName, displayName: userName.split('@')[0], externalId, active: true, emails: [{ value: userName, primary: true }] })

  test('brings nobody back whom people here have ended, by removing and adding them again', async () => {
    const scim = await connect('North')
    const id = idOf(await scim('/Users', post(user('leaver@example.org', 'ext-1'))))
    expect((await here.operator(`/api/v1/people/${id}/deactivate`, post())).status).toBe(200)
    expect((await scim(`/Users/${id}`, { method: 'DELETE' })).status).toBe(204)
    await scim('/Users', post(user('leaver@example.org', 'ext-1')))
    expect((await here.operator(`/api/v1/people/${id}`)).json()).toMatchObject({ state: 'deactivated' })
  })

  test('takes over nobody who was invited and holds a role already', async () => {
    const scim = await connect('South', true)
    const { person } = await invited('Rae Ready')
    await give('administrator', { person })
    expect((await scim('/Users', post(user('rae.ready@example.org', 'ext-2')))).status).toBe(409)
    expect((await here.operator(`/api/v1/people/${person}`)).json()).not.toHaveProperty('managedBy')
    const { person: plain } = await invited('Pia Plain')
    expect(idOf(await scim('/Users', post(user('pia.plain@example.org', 'ext-3'))))).toBe(plain)
  })
})

describe('a page of another site', () => {
  test('signs nobody in as somebody else: what a form can send to begin a sign-in is refused', async () => {
    const forged = { method: 'POST', body: '{"email":"olive@example.org","password":"a=b"}', headers: { 'content-type': 'text/plain', origin: 'https://elsewhere.example', host: `localhost:${here.port}` } }
    for (const site of ['cross-site', 'same-site', undefined]) {
      const answer = await here.public('/api/v1/sign-in/password', { ...forged, headers: { ...forged.headers, ...(site === undefined ? {} : { 'sec-fetch-site': site }) } })
      expect([answer.status, answer.text.includes('another site')], site ?? 'origin alone').toEqual([403, true])
    }
  })
})

describe('the stream of what happens', () => {
  test('is free again at once when whoever asked went away before it was open', async () => {
    const member = await invite(here, clock, { ...owner, call: here.operator }, 'Flora Flood')
    const ask = (stay: boolean): Promise<number> =>
      new Promise((done) => {
        const asking = request({ host: '127.0.0.1', port: here.port, path: '/api/v1/events', agent: false, headers: { host: `localhost:${here.port}`, cookie: member.cookie() } })
        asking.once('response', (incoming) => {
          done(incoming.statusCode ?? 0)
          if (stay) asking.destroy()
        })
        asking.once('error', () => done(0))
        asking.once('socket', (socket) => socket.once('connect', () => { if (!stay) setTimeout(() => asking.destroy(), Math.random() * 4) }))
        asking.end()
      })
    for (let round = 0; round < 6; round++) await Promise.all(Array.from({ length: 10 }, () => ask(false)))
    await new Promise((done) => setTimeout(done, 300))
    expect(await ask(true)).toBe(200)
  })
})
