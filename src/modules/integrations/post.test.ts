import { createServer, type Server } from 'node:net'
import { resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { sql } from 'kysely'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { startTemporaryServer, type TemporaryServer } from '#core/database'
import { fullAccess } from '#core/permission'
import { KINDS, standOnServer, type Stand } from './integrations.fixture.ts'
import type { Letter } from './letter.ts'

interface Exim {
  port: number
  letters(): string[]
  log(): string
  stop(): Promise<void>
}
interface Issued {
  certificate: string
  key: string
  pem: string
}
const servers = (name: string): Promise<unknown> => import(pathToFileURL(resolve(import.meta.dirname, `../../../test/servers/${name}.ts`)).href)
const { startExim } = (await servers('exim')) as { startExim(folder: string, options: { port: number; tls?: { certificate: string; key: string }; implicit?: true; user?: { name: string; password: string } }): Promise<Exim> }
const { Workshop } = (await servers('certificates')) as { Workshop: new (folder: string) => { root(name?: string): Issued; issue(wish: { name: string; dns?: string[]; ips?: string[]; notBefore?: Date; notAfter?: Date }, issuer?: Issued): Issued } }
const { freePort, makeFolder, missingPrograms, removeFolder } = (await servers('programs')) as { freePort(): Promise<number>; makeFolder(what: string): string; missingPrograms(...names: string[]): string[]; removeFolder(folder: string): void }

const missing = missingPrograms('exim4', 'openssl')
const HOUR = 3_600_000
const DAY = 24 * HOUR
const LINK = 'https://security.example.com/console/reset#kDq3yW0wZ7secretsecret'

let server: TemporaryServer
let stand: Stand
let folder: string
let port: number
const running: Exim[] = []

beforeAll(async () => void (server = await startTemporaryServer()))
afterAll(() => server.stop())
beforeEach(async () => {
  stand = await standOnServer(server)
  folder = makeFolder('mail')
  port = await freePort()
})
afterEach(async () => {
  for (const exim of running.splice(0)) await exim.stop()
  await stand.close()
  removeFolder(folder)
})

const exim = async (options: object = {}): Promise<Exim> => {
  const started = await startExim(folder, { port, ...options })
  running.push(started)
  return started
}
const set = (change: object = {}) => stand.ask('PUT /mail', { body: { host: '127.0.0.1', port, tls: 'none', fromAddress: 'security@example.com', fromName: 'Harbour', ...change } })
const send = (letter: Partial<Letter> = {}) => stand.change((tx) => stand.mail.send(tx, { to: 'ada@example.com', subject: 'A new password', text: `Open ${LINK}\n`, kind: 'password-reset', ...letter }))
interface Shown {
  id: string
  kind: string
  recipient: string
  state: string
  problem: string | null
  attempts: number
}
const letters = async (): Promise<Shown[]> => ((await stand.ask('GET /letters')).body as { items: Shown[] }).items
const status = async (): Promise<{ server: { answers: boolean; problem: string | null }; letters: Record<string, number> }> => (await stand.ask('GET /mail')).body
/** Delivery inside the mail server takes a moment after it said yes. */
async function arrived(mailbox: Exim, count: number): Promise<string[]> {
  for (let look = 0; look < 100 && mailbox.letters().length < count; look++) await new Promise((done) => setTimeout(done, 50))
  return mailbox.letters()
}

describe.skipIf(missing.length > 0)(`letters through a real mail server${missing.length > 0 ? ` (missing: ${missing.join(', ')})` : ''}`, () => {
  it('arrive with plain text, a sender, and the marks of a robot', async () => {
    const mailbox = await exim()
    await set()
    await send({ subject: 'Neues Passwort für Jürgen', html: '<p>Open it</p>' })
    await stand.work()
    const [letter = ''] = await arrived(mailbox, 1)
    expect(letter).toMatch(/^From: Harbour <security@example\.com>\r?$/m)
    expect(letter).toMatch(/^To: ada@example\.com\r?$/m)
    expect(letter).toMatch(/^Auto-Submitted: auto-generated\r?$/m)
    const [shown] = await letters()
    expect(letter).toMatch(new RegExp(`^Message-ID: <${shown!.id}@example\\.com>\\r?$`, 'm'))
    expect(letter).toMatch(/^Subject: =\?UTF-8\?/m)
    expect(letter.indexOf('text/plain')).toBeGreaterThan(0)
    expect(letter.indexOf('text/plain')).toBeLessThan(letter.indexOf('text/html'))
    expect(letter.replaceAll(/=\r?\n/g, '').replaceAll('=3D', '=')).toContain(LINK)
    expect(shown).toMatchObject({ state: 'sent', attempts: 1, recipient: 'ada@example.com', kind: 'password-reset' })
    // The name of this machine stays here.
    expect(mailbox.log()).toContain('H=(example.com)')
  })

  it('leave nothing of what they said behind, and nothing in the clear before', async () => {
    const mailbox = await exim()
    await set()
    await send()
    const before = await stand.everything()
    for (const part of ['secretsecret', Buffer.from('secretsecret').toString('hex'), 'A new password']) expect(before).not.toContain(part)
    await stand.work()
    await arrived(mailbox, 1)
    const { rows } = await sql<{ sealed: null }>`select sealed from integrations.letter`.execute(stand.db.app)
    expect(rows).toEqual([{ sealed: null }])
  })

  it('wait while the server is down, are shown, and go when it is back', async () => {
    await set()
    for (let count = 0; count < 3; count++) await send({ to: `person${count}@example.com` })
    await stand.work()
    expect(await status()).toMatchObject({ server: { answers: false }, letters: { waiting: 3 } })
    expect((await status()).server.problem).toContain('ECONNREFUSED')
    await stand.pass(2 * HOUR, 5 * 60_000)
    // One letter tries it, the others do not hammer.
    expect((await letters()).map(({ attempts }) => attempts).sort((a, b) => a - b).slice(0, 2).every((attempts) => attempts <= 5)).toBe(true)
    const mailbox = await exim()
    await stand.pass(10 * 60_000, 60_000)
    expect(await arrived(mailbox, 3)).toHaveLength(3)
    expect(await status()).toMatchObject({ server: { answers: true }, letters: { sent: 3 } })
  })

  it('are given up after three days, can be tried by hand, and dropped', async () => {
    await set()
    await send()
    await send({ to: 'grace@example.com' })
    await stand.pass(3 * DAY + 2 * HOUR, HOUR)
    const [second, first] = await letters()
    expect([first!.state, second!.state]).toEqual(['failed', 'failed'])
    expect(stand.heard.filter(({ name }) => name === 'letter.failed')).toHaveLength(2)
    await stand.ask('POST /letters/{id}/drop', { params: { id: second!.id } })
    const mailbox = await exim()
    await stand.ask('POST /letters/{id}/retry', { params: { id: first!.id } })
    await stand.work()
    expect(await arrived(mailbox, 1)).toHaveLength(1)
    expect((await letters()).map(({ state }) => state)).toEqual(['dropped', 'sent'])
    await expect(stand.ask('POST /letters/{id}/retry', { params: { id: second!.id } })).rejects.toMatchObject({ code: 'conflict' })
    await expect(stand.ask('POST /letters/{id}/drop', { params: { id: first!.id } })).rejects.toMatchObject({ code: 'conflict' })
  })

  it('fail for good where nobody has the address, and hold up no other', async () => {
    const mailbox = await exim()
    await set()
    await send({ to: 'nobody@example.com' })
    await send()
    await stand.work()
    expect(await arrived(mailbox, 1)).toHaveLength(1)
    expect(await letters()).toMatchObject([{ state: 'sent' }, { state: 'failed', problem: expect.stringContaining('nobody here by that name') }])
    expect((await status()).server.answers).toBe(true)
  })

  it('are tried again where the server defers them', async () => {
    await exim()
    await set()
    await send({ to: 'later@example.com' })
    await stand.work()
    await stand.pass(2 * 60_000, 60_000)
    expect(await letters()).toMatchObject([{ state: 'waiting', attempts: 2, problem: expect.stringContaining('come back later') }])
    expect((await status()).server.answers).toBe(true)
  })

  it('are not sent once what they say is worth nothing any more', async () => {
    await set()
    await send({ notAfter: new Date(stand.clock.now().getTime() + 30 * 60_000) })
    await stand.work()
    stand.clock.advance(HOUR)
    const mailbox = await exim()
    await stand.work()
    await stand.pass(HOUR)
    expect(mailbox.letters()).toEqual([])
    expect(await letters()).toMatchObject([{ state: 'dropped' }])
  })

  it('are left to the worker that took them, and sent after all when it died', async () => {
    const mailbox = await exim()
    await set()
    await send()
    await sql`update integrations.letter set trying_until = ${new Date(stand.clock.now().getTime() + 5 * 60_000)}`.execute(stand.db.app)
    await stand.work()
    await stand.pass(4 * 60_000, 60_000)
    expect(mailbox.letters()).toEqual([])
    expect(await letters()).toMatchObject([{ state: 'waiting', attempts: 0 }])
    await stand.pass(10 * 60_000, 60_000)
    expect(await arrived(mailbox, 1)).toHaveLength(1)
    expect(await letters()).toMatchObject([{ state: 'sent', attempts: 1 }])
  })
})

describe.skipIf(missing.length > 0)(`encryption to the mail server${missing.length > 0 ? ` (missing: ${missing.join(', ')})` : ''}`, () => {
  const account = { name: 'vouchsafe', password: 'correct horse' }
  const check = () => stand.module.checks.find(({ definition }) => definition.id === 'integrations/mail-encryption')!.run({ at: new Date(), signal: new AbortController().signal, attempt: 1 })

  it('takes a certificate that the own authority signed, and signs in over it', async () => {
    const workshop = new Workshop(folder)
    const root = workshop.root()
    const mailbox = await exim({ tls: workshop.issue({ name: 'mail', dns: ['localhost'] }, root), user: account })
    await set({ host: 'localhost', tls: 'starttls', authority: root.pem, username: account.name, password: account.password })
    expect(await check()).toMatchObject({ verdict: 'holds' })
    await send()
    await stand.work()
    expect(await arrived(mailbox, 1)).toHaveLength(1)
    expect(mailbox.log()).toMatch(/P=esmtpsa X=TLS1\.[23]/)
    const everything = await stand.everything()
    expect(everything).not.toContain(account.password)
    expect(everything).not.toContain(Buffer.from(account.password).toString('hex'))
    expect((await stand.ask('GET /mail')).body).toMatchObject({ setting: { password: 'kept' } })
  })

  it('may begin with the first byte', async () => {
    const workshop = new Workshop(folder)
    const root = workshop.root()
    const mailbox = await exim({ tls: workshop.issue({ name: 'mail', dns: ['localhost'] }, root), implicit: true })
    await set({ host: 'localhost', tls: 'implicit', authority: root.pem })
    await send()
    await stand.work()
    expect(await arrived(mailbox, 1)).toHaveLength(1)
  })

  it('tells a server with a bad certificate nothing: not the password, not the letter', async () => {
    const workshop = new Workshop(folder)
    const root = workshop.root()
    const bad = {
      'of another name': workshop.issue({ name: 'mail', dns: ['other.example'] }, root),
      'that has expired': workshop.issue({ name: 'mail', dns: ['localhost'], notBefore: new Date(Date.now() - 40 * DAY), notAfter: new Date(Date.now() - DAY) }, root),
      'of an authority that nobody trusts': workshop.issue({ name: 'mail', dns: ['localhost'] }, workshop.root('Other Root')),
      'that signs itself': workshop.issue({ name: 'mail', dns: ['localhost'] }),
    }
    await set({ host: 'localhost', tls: 'starttls', authority: root.pem, username: account.name, password: account.password })
    await send()
    for (const [what, tls] of Object.entries(bad)) {
      const mailbox = await exim({ tls, user: account })
      await stand.ask('POST /letters/{id}/retry', { params: { id: (await letters())[0]!.id } })
      await stand.work()
      expect(mailbox.letters(), what).toEqual([])
      expect(mailbox.log(), what).not.toMatch(/A=plain|<= security/)
      expect(await letters(), what).toMatchObject([{ state: 'waiting', problem: expect.stringMatching(/certificate|altnames/i) }])
      expect(await check(), what).toMatchObject({ verdict: 'fails' })
      await mailbox.stop()
    }
  })

  it('is not done without where the server offers none', async () => {
    const mailbox = await exim()
    await set({ host: 'localhost', tls: 'starttls' })
    await send()
    await stand.work()
    expect(mailbox.letters()).toEqual([])
    expect(await letters()).toMatchObject([{ state: 'waiting' }])
    expect((await status()).server.answers).toBe(false)
    expect(await check()).toMatchObject({ verdict: 'fails' })
  })

  it('counts a wrong password as the fault of the server setting, not of the letter', async () => {
    const workshop = new Workshop(folder)
    const root = workshop.root()
    const mailbox = await exim({ tls: workshop.issue({ name: 'mail', dns: ['localhost'] }, root), user: account })
    await set({ host: 'localhost', tls: 'starttls', authority: root.pem, username: account.name, password: 'wrong' })
    await send()
    await stand.work()
    expect(await letters()).toMatchObject([{ state: 'waiting' }])
    await set({ host: 'localhost', tls: 'starttls', authority: root.pem, username: account.name, password: account.password })
    await stand.work()
    expect(await arrived(mailbox, 1)).toHaveLength(1)
  })
})

describe('the queue', () => {
  it('takes a letter only with the change that it belongs to', async () => {
    await set()
    await expect(stand.change(async (tx) => {
      await stand.mail.send(tx, { to: 'ada@example.com', subject: 'a', text: 'b' })
      throw new Error('undone')
    })).rejects.toThrow('undone')
    expect(await letters()).toEqual([])
    expect((await stand.jobs()).map(({ name }) => name)).not.toContain('integrations.letter')
  })

  it('holds back and then drops what floods one address, however it is written', async () => {
    await set()
    for (let count = 0; count < 105; count++) await send({ to: count % 2 === 0 ? 'ada@example.com' : 'Ada@Example.com' })
    const shown = await letters()
    const { body } = await stand.ask('GET /letters', { query: { state: 'dropped' } })
    expect((body as { items: object[] }).items).toHaveLength(5)
    expect(shown.filter(({ problem }) => problem?.startsWith('held back'))).not.toHaveLength(0)
    const { rows } = await sql<{ now: number }>`select count(*) as now from integrations.letter where state = 'waiting' and next_at <= ${stand.clock.now()}`.execute(stand.db.app)
    expect(rows[0]?.now).toBe(20)
    // Somebody else is not held up.
    await send({ to: 'grace@example.com' })
    expect((await letters())[0]).toMatchObject({ recipient: 'grace@example.com', state: 'waiting', problem: null })
  })

  it('says whether there is a way out at all, without waiting for a change under way', async () => {
    expect(await stand.mail.isReady()).toBe(false)
    await set()
    expect(await stand.mail.isReady()).toBe(true)
    // As many changes as there are connections, each of which asks before it ends.
    await Promise.all(Array.from({ length: 16 }, () => stand.change(async () => expect(await stand.mail.isReady()).toBe(true))))
    await stand.ask('DELETE /mail')
    expect(await stand.mail.isReady()).toBe(false)
  })

  it('destroys the key of a day with its last letter', async () => {
    await set()
    await send()
    await stand.work()
    const [letter] = await letters()
    await stand.ask('POST /letters/{id}/drop', { params: { id: letter!.id } })
    const keys = async () => (await sql<{ purpose: string }>`select purpose from integrations.sealing_key where purpose like 'letters of %'`.execute(stand.db.app)).rows
    expect(await keys()).toHaveLength(1)
    await stand.pass(2 * DAY, 6 * HOUR)
    expect(await keys()).toEqual([])
  })

  it('keeps a letter that failed for a week, and nothing of it afterwards', async () => {
    await set()
    await send()
    await stand.pass(4 * DAY, HOUR)
    expect(await letters()).toMatchObject([{ state: 'failed' }])
    await stand.pass(9 * DAY, 6 * HOUR)
    expect(await letters()).toEqual([])
    expect(await stand.everything()).not.toContain('letters of')
    const erased = stand.module.checks.find(({ definition }) => definition.id === 'integrations/letters-erased')!
    expect(await erased.run({ at: stand.clock.now(), signal: new AbortController().signal, attempt: 1 })).toMatchObject({ verdict: 'holds' })
  })

  it('finds out where a key outlives its letters', async () => {
    await set()
    await send()
    stand.clock.advance(30 * DAY)
    const erased = stand.module.checks.find(({ definition }) => definition.id === 'integrations/letters-erased')!
    expect(await erased.run({ at: stand.clock.now(), signal: new AbortController().signal, attempt: 1 })).toMatchObject({ verdict: 'fails' })
  })

  it('sends nobody’s password to another host', async () => {
    await set({ host: 'mail.example.com', port: 587, tls: 'starttls', username: 'u', password: 'hunter22' })
    await expect(set({ host: 'evil.example.com', port: 587, tls: 'starttls', username: 'u' })).rejects.toThrow('password must be given again')
    await expect(stand.ask('PUT /mail', { body: { host: 'mail.example.com', port: 587, tls: 'starttls', username: 'u', fromAddress: 'security@example.com', fromName: 'Other' }, ifMatch: '7' })).rejects.toMatchObject({ code: 'precondition-failed' })
    await set({ host: 'mail.example.com', port: 587, tls: 'starttls', username: 'u', fromName: 'Other' })
    expect((await stand.ask('GET /mail')).body).toMatchObject({ setting: { password: 'kept', fromName: 'Other' } })
    await set({ host: 'mail.example.com', port: 587, tls: 'starttls', username: 'u', password: null })
    expect((await stand.ask('GET /mail')).body).toMatchObject({ setting: { password: 'none' } })
  })

  it('shows to whom letters go only to those who may read it', async () => {
    await set()
    await send()
    const access = fullAccess({ id: 'x' }, KINDS).narrowedTo([
      { rule: { effect: 'allow', verb: 'find', record: 'letter' }, role: { id: 'r', title: 'r' }, through: { kind: 'token', id: 't' } },
      { rule: { effect: 'allow', verb: 'read', record: 'letter', names: ['state', 'kind'] }, role: { id: 'r', title: 'r' }, through: { kind: 'token', id: 't' } },
    ])
    const { body } = await stand.ask('GET /letters', { access })
    expect((body as { items: object[] }).items).toEqual([{ id: expect.any(String), kind: 'password-reset', state: 'waiting' }])
    const one = (body as { items: { id: string }[] }).items[0]!
    expect((await stand.ask('GET /letters/{id}', { params: { id: one.id }, access })).body).toEqual(one)
  })
})

describe('notices', () => {
  it('come to each owner as one letter, once', async () => {
    await set()
    const [ada, grace, employee] = [await stand.add({ email: 'ada@example.com' }), await stand.add({ email: 'grace@example.com' }), await stand.add()]
    for (const { id } of [ada, grace]) stand.owners.add(id)
    await stand.notices.tellOwners('Soon stale: "We encrypt"')
    await stand.notices.tellOwners('Promise soon due')
    expect(await letters()).toEqual([])
    await stand.pass(10 * 60_000, 60_000)
    expect((await letters()).map(({ recipient, kind }) => `${kind} ${recipient}`).sort()).toEqual(['notice ada@example.com', 'notice grace@example.com'])
    expect(employee.email).toBeDefined()
    await stand.pass(DAY)
    expect(await letters()).toHaveLength(2)
  })

  it('wait until there is a mail server', async () => {
    const owner = await stand.add({ email: 'ada@example.com' })
    stand.owners.add(owner.id)
    await stand.notices.tellOwners('Soon stale')
    await stand.pass(HOUR)
    await set()
    await stand.notices.tellOwners('Another')
    await stand.pass(HOUR)
    expect(await letters()).toHaveLength(1)
  })
})

describe('a server that says nothing', () => {
  it('does not hold a letter up for ever', async () => {
    // Takes the connection and hangs up at once, greeting nobody.
    const silent: Server = createServer((socket) => void socket.destroy())
    await new Promise<void>((done) => silent.listen(port, '127.0.0.1', done))
    await set()
    await send()
    await stand.work()
    expect(await letters()).toMatchObject([{ state: 'waiting', attempts: 1 }])
    expect((await status()).server.answers).toBe(false)
    await new Promise((done) => silent.close(done))
  })
})
