import { chmodSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { systemClock } from '#core/clock'
import { findOperatorDoor } from '../../src/surfaces/http/operator.ts'
import { buildTree } from '../servers/built-tree.ts'
import { startExim, type Exim } from '../servers/exim.ts'
import { freePort, makeFolder, missingPrograms, removeFolder } from '../servers/programs.ts'
import { CHROMIUM } from './console-page.ts'
import { call, makePlace, runProgram, until, type Answer, type Child, type Place } from './installation.ts'
import { linkTo } from './letters.ts'
import { listen } from './listening.ts'
import { accept, becomeOwner, cookiesOf, must, PASSWORD, tokenIn, type Member, type Reached } from './members.ts'

const WAYS = ['console', 'API', 'command line', 'SCIM'] as const
type Way = (typeof WAYS)[number]

/** Somebody with everything that lets a person in, and a colleague whom they would bring along, who has not come yet. */
interface Leaver {
  member: Member
  externalId: string
  invited: { id: string; email: string; link: string }
  token: Awaited<ReturnType<Member['token']>>
  resetLink: string
  /** Cookies of a sign-in that waits for its second factor. */
  halfSignedIn: string
}

const missing = missingPrograms('exim4', path.basename(CHROMIUM))
const starting = { timeout: 180_000 }

describe.skipIf(missing.length > 0)(`somebody who is deactivated${missing.length > 0 ? ` (missing: ${missing.join(', ')})` : ''}`, starting, () => {
  const folder = makeFolder('gone')
  let place: Place
  let program: string
  let server: Child
  let here: Reached
  let mailbox: Exim
  let owner: Member
  let browser: Browser
  let ownersBrowser: BrowserContext
  let directory: string
  /** Nothing happens to them: what is refused to the others is let in for them. */
  let stayer: Leaver
  const looked = new Map<Way, Leaver>()
  const killed = new Map<Way, Leaver>()

  beforeAll(async () => {
    program = path.join(buildTree(path.join(folder, 'tree')), 'dist/main.js')
    chmodSync(folder, 0o711) // the mail server runs as somebody else
    mailbox = await startExim(path.join(folder, 'exim'), { port: await freePort() })
    place = await makePlace('gone')
    const port = await freePort()
    here = { port, public: (at, given) => call({ port }, at, given), installation: { url: `http://localhost:${port}` } }
    const [, setUpCode = ''] = await start(/set-up code +(\S+)/)
    owner = await becomeOwner({ ...here, installation: { ...here.installation, setUpCode } }, systemClock)
    const expiresAt = new Date(Date.now() + 86_400_000).toISOString()
    directory = must(await owner.call('/api/v1/directories', { method: 'POST', body: { title: 'Directory', adoptsInvited: true, expiresAt } }), 'directory').json<{ token: string }>().token
    stayer = await prepare('Stayer')
    for (const way of WAYS) {
      looked.set(way, await prepare(`Looked at ${way}`))
      killed.set(way, await prepare(`Killed after ${way}`))
    }
    // Invitations above were shown; from here on there is mail, and links to new passwords come by it.
    must(await owner.call('/api/v1/mail', { method: 'PUT', body: { host: '127.0.0.1', port: mailbox.port, tls: 'none', fromAddress: 'security@example.org', fromName: 'Example' } }), 'mail')
    for (const leaver of [stayer, ...looked.values(), ...killed.values()]) {
      await visit('/api/v1/password-reset', { email: leaver.member.email })
      leaver.resetLink = await linkTo(mailbox, leaver.member.email, 'reset')
    }
    browser = await chromium.launch({ executablePath: CHROMIUM, args: ['--no-sandbox', '--disable-gpu'] })
    ownersBrowser = await browserOf(owner)
  }, 240_000)
  afterAll(async () => {
    await browser?.close()
    await server?.stop()
    await mailbox?.stop()
    place?.remove()
    removeFolder(folder)
  }, 60_000)

  async function start(says: RegExp): Promise<RegExpMatchArray> {
    server = runProgram(place, ['start', '--port', String(here.port), '--allow-private'], {}, program)
    return server.says(says, 100_000)
  }

  /** As when the power goes: nothing is told to anybody, and nothing more is written. */
  async function kill(): Promise<void> {
    const postmaster = Number(readFileSync(path.join(place.data, 'database/cluster/postmaster.pid'), 'utf8').split('\n')[0])
    server.child.kill('SIGKILL')
    process.kill(postmaster, 'SIGKILL')
    await server.ended
  }

  /** From a browser that nobody has signed in with, unless cookies say otherwise. */
  const visit = (at: string, body: object, cookie = ''): Promise<Answer> =>
    here.public(at, { method: 'POST', body, headers: { host: `localhost:${here.port}`, origin: here.installation.url, 'sec-fetch-site': 'same-origin', ...(cookie === '' ? {} : { cookie }) } })

  const scim = (method: string, at: string, body: object): Promise<Answer> =>
    here.public(`/scim/v2${at}`, { method, body, headers: { host: `localhost:${here.port}`, authorization: `Bearer ${directory}`, 'content-type': 'application/scim+json' } })
  const setActive = (id: string, value: boolean): Promise<Answer> =>
    scim('PATCH', `/Users/${id}`, { schemas: ['urn:ietf:params:scim:api:messages:2.0:PatchOp'], Operations: [{ op: 'replace', path: 'active', value }] })

  /** Invited here, then taken over by the directory. */
  async function invited(displayName: string, externalId: string): Promise<{ id: string; email: string; link: string }> {
    const email = `${externalId}@example.org`
    const { link, person } = must(await owner.call('/api/v1/invitations', { method: 'POST', body: { displayName, email } }), 'invitation').json<{ link: string; person: string }>()
    const made = must(await scim('POST', '/Users', { schemas: ['urn:ietf:params:scim:schemas:core:2.0:User'], userName: email, externalId, displayName, emails: [{ value: email, primary: true }], active: true }), 'SCIM')
    expect(made.json()).toMatchObject({ id: person, active: true })
    return { id: person, email, link }
  }

  async function prepare(name: string): Promise<Leaver> {
    const externalId = name.toLowerCase().replaceAll(' ', '-')
    const { email, link } = await invited(name, externalId)
    const member = await accept(here, systemClock, link, email)
    must(await owner.call('/api/v1/assignments', { method: 'POST', body: { role: 'auditor', person: member.id, reason: 'test' } }), 'role')
    const half = must(await visit('/api/v1/sign-in/password', { email, password: PASSWORD }), 'password')
    expect(half.json()).toMatchObject({ next: 'second-factor' })
    return { member, externalId, token: await member.token(['person.read']), invited: await invited(`${name} Junior`, `${externalId}-junior`), halfSignedIn: cookiesOf(half), resetLink: '' }
  }

  async function browserOf(member: Member): Promise<BrowserContext> {
    const context = await browser.newContext({ viewport: { width: 1200, height: 900 } })
    context.setDefaultTimeout(15_000)
    await context.addCookies(member.cookie().split('; ').map((pair) => ({ name: pair.slice(0, pair.indexOf('=')), value: pair.slice(pair.indexOf('=') + 1), domain: 'localhost', path: '/', secure: true, httpOnly: true })))
    return context
  }
  const open = async (context: BrowserContext, at: string): Promise<Page> => {
    const page = await context.newPage()
    await page.goto(`${here.installation.url}/console${at}`)
    return page
  }

  /** Ends somebody. @returns as soon as there is an answer */
  const deactivate: Record<Way, (who: { id: string; email: string }) => Promise<void>> = {
    async console({ id }) {
      const page = await open(ownersBrowser, `/people/${id}`)
      await page.getByRole('button', { name: 'Deactivate' }).click()
      const answered = page.waitForResponse((response) => response.url().endsWith(`/people/${id}/deactivate`))
      await page.getByRole('dialog').getByRole('button', { name: 'Deactivate' }).click()
      expect((await answered).status()).toBe(200)
    },
    async API({ id }) {
      expect((await owner.call(`/api/v1/people/${id}/deactivate`, { method: 'POST', body: {} })).json()).toMatchObject({ state: 'deactivated' })
    },
    async 'command line'({ email }) {
      const command = runProgram(place, ['deactivate', email, '--why', 'Has left'], {}, program)
      expect(await command.ended, command.output()).toBe(0)
    },
    async SCIM({ id }) {
      expect((await setActive(id, false)).json()).toMatchObject({ active: false })
    },
  }

  /** Each thing that somebody holds, tried as whoever holds it would: the status of each answer. Some of them can be tried once. */
  async function tryEverything({ member, token, invited: { link }, resetLink, halfSignedIn }: Leaver): Promise<Record<string, number>> {
    const stream = listen(here.port, member.cookie())
    const tried = {
      session: member.call('/api/v1/people'),
      write: member.call('/api/v1/sessions/end-others', { method: 'POST', body: {} }),
      token: token('/api/v1/people'),
      'half a sign-in': visit('/api/v1/sign-in/recovery-code', { code: member.recoveryCodes[0] }, halfSignedIn),
      'link to a new password': visit('/api/v1/password-reset/link', { token: tokenIn(resetLink) }),
      'invitation of a colleague': visit('/api/v1/invitation', { token: tokenIn(link) }),
      password: visit('/api/v1/sign-in/password', { email: member.email, password: PASSWORD }),
    }
    const statuses: Record<string, number> = { stream: await stream.opened }
    stream.close()
    for (const [what, answer] of Object.entries(tried)) statuses[what] = (await answer).status
    return statuses
  }
  const NOTHING_WORKS = { stream: 401, session: 401, write: 401, token: 401, 'half a sign-in': 401, 'link to a new password': 403, 'invitation of a colleague': 403, password: 403 }
  const EVERYTHING_WORKS = { stream: 200, session: 200, write: 200, token: 200, 'half a sign-in': 200, 'link to a new password': 200, 'invitation of a colleague': 200, password: 200 }

  test.each(WAYS)('by %s is refused with the very next request, whatever they hold', async (way) => {
    const leaver = looked.get(way)!
    const { member } = leaver
    await using context = await browserOf(member)
    const page = await open(context, '/people')
    await page.getByRole('link', { name: 'Olive Owner' }).waitFor()
    const stream = listen(here.port, member.cookie())
    expect(await stream.opened).toBe(200)
    expect((await leaver.token('/api/v1/people')).status).toBe(200)

    await deactivate[way](leaver.invited)
    await deactivate[way](member)
    expect(await tryEverything(leaver)).toEqual(NOTHING_WORKS)
    await until(async () => stream.isOver(), 'the end of their stream', 3_000)
    await page.getByRole('dialog', { name: 'Sign in again' }).waitFor() // without a click of theirs
    await page.reload()
    await page.getByRole('heading', { name: 'Sign in' }).waitFor()
    expect(await page.getByText('Olive Owner').count()).toBe(0)

    // A directory lets in only whom it ended itself; and what somebody held before is worth nothing even then.
    expect((await setActive(member.id, true)).status).toBe(way === 'SCIM' ? 200 : 409)
    for (const answer of [await member.call('/api/v1/session'), await leaver.token('/api/v1/people')]) expect(answer.status).toBe(401)
  })

  test.each(WAYS)('by %s stays so, though the server and its database are killed right after the answer', async (way) => {
    const leaver = killed.get(way)!
    await deactivate[way](leaver.invited)
    await deactivate[way](leaver.member)
    await kill()
    await start(/The page +http/)
    expect(await tryEverything(leaver)).toEqual(NOTHING_WORKS)
    const door = findOperatorDoor(place.data)
    for (const { id } of [leaver.member, leaver.invited]) {
      const person = (await call({ socketPath: door.socketPath }, `/api/v1/people/${id}`, { headers: { authorization: `Bearer ${door.token}` } })).json()
      expect(person).toMatchObject({ state: 'deactivated' })
      expect((await call({ socketPath: door.socketPath }, `/api/v1/assignments?person=${id}`, { headers: { authorization: `Bearer ${door.token}` } })).json()).toMatchObject({ items: [] })
    }
  })

  test('takes nobody else along: a colleague gets in with each of the same things', async () => {
    expect(await tryEverything(stayer)).toEqual(EVERYTHING_WORKS)
  })
})
