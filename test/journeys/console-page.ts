import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import path from 'node:path'
import { Secret, TOTP } from 'otpauth'
import { type Browser, type BrowserContext, type BrowserContextOptions, chromium, type Page } from 'playwright-core'
import { makePlace, openHere, repositoryRoot, type RunningHere } from './installation.ts'

export const CHROMIUM = '/usr/bin/chromium'
const ARGS = ['--no-sandbox', '--disable-gpu', '--disable-background-networking', '--disable-component-update', '--disable-sync']
const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')
const WCAG = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice']
export const WIDE = { width: 1360, height: 1000 }
export const NARROW = { width: 320, height: 800 }

/** An installation with its console, and a browser. */
export interface Console extends AsyncDisposable {
  here: RunningHere
  browser: Browser
  /** Passkeys are bound to a host name, so it is reached by one. */
  origin: string
}

export async function openConsole(what: string): Promise<Console> {
  if (!existsSync(path.join(repositoryRoot, 'dist/console/index.html'))) {
    const { status, stderr } = spawnSync(process.execPath, ['node_modules/vite/bin/vite.js', 'build', '--config', 'console/vite.config.ts'], { cwd: repositoryRoot, encoding: 'utf8' })
    if (status !== 0) throw new Error(stderr)
  }
  const place = await makePlace(what)
  const here = await openHere(place)
  const browser = await chromium.launch({ executablePath: CHROMIUM, args: ARGS })
  return {
    here,
    browser,
    origin: `http://localhost:${here.port}`,
    async [Symbol.asyncDispose]() {
      await browser.close()
      await here.installation.stop()
      place.remove()
    },
  }
}

export interface Visitor extends AsyncDisposable {
  context: BrowserContext
  page: Page
  /** What the browser complained of, beside answers that are meant to be refusals. */
  complaints: string[]
}

/** A browser of their own, with a device that holds passkeys. */
export async function visitor({ browser }: Console, options: BrowserContextOptions = {}): Promise<Visitor> {
  const context = await browser.newContext({ viewport: WIDE, ...options })
  context.setDefaultTimeout(10_000)
  const page = await context.newPage()
  const complaints: string[] = []
  page.on('console', (message) => {
    if (['error', 'warning'].includes(message.type()) && !/the server responded with a status of (?:4\d\d)/.test(message.text())) complaints.push(message.text())
  })
  page.on('response', (answer) => {
    // An address that the console calls and the API does not have, as opposed to a record that is not there.
    if (answer.status() === 404 && answer.url().includes('/api/v1/')) void answer.text().then((text) => text.includes('"There is no ' + answer.request().method() + ' /api/') && complaints.push(text), () => {})
  })
  page.on('pageerror', (error) => complaints.push(String(error)))
  const session = await context.newCDPSession(page)
  await session.send('WebAuthn.enable')
  await session.send('WebAuthn.addVirtualAuthenticator', { options: { protocol: 'ctap2', ctap2Version: 'ctap2_1', transport: 'internal', hasResidentKey: true, hasUserVerification: true, hasPrf: true, isUserVerified: true, automaticPresenceSimulation: true } })
  return { context, page, complaints, [Symbol.asyncDispose]: () => context.close() }
}

/** What axe finds against WCAG 2.2 AA. */
export async function violations(page: Page): Promise<string[]> {
  // As the browser's own tools put it there: the page's policy lets no such script in.
  await page.evaluate(AXE)
  // What is still fading in has not yet the colours that it is judged by.
  await page.evaluate("Promise.all(document.getAnimations().filter((one) => one.effect.getComputedTiming().iterations !== Infinity).map((one) => one.finished.catch(() => {})))")
  const found = await page.evaluate(async (tags) => {
    const { axe } = globalThis as unknown as { axe: { run(node: unknown, options: unknown): Promise<{ violations: { id: string; nodes: { html: string; failureSummary?: string }[] }[] }> } }
    return (await axe.run('html', { runOnly: tags })).violations
  }, WCAG)
  return found.flatMap((violation) => violation.nodes.slice(0, 3).map((node) => `${violation.id}: ${node.html.slice(0, 160)} ${node.failureSummary ?? ''}`))
}

/** How far the page scrolls sideways, in pixels. */
export const overflow = (page: Page): Promise<number> => page.evaluate('document.documentElement.scrollWidth - document.documentElement.clientWidth')

/** Code of an authenticator app, some steps of 30 s from now: each counts once, and one step either way is taken. */
export const codeOf = (secret: string, steps = 0): string => new TOTP({ secret: Secret.fromBase32(secret) }).generate({ timestamp: Date.now() + steps * 30_000 })

/** The first owner, by the set-up code and a passkey; ends on Today. */
export async function setUpOwner({ here, origin }: Console, page: Page, name = 'Ada Example', email = 'ada@harbour.example'): Promise<void> {
  const code = here.installation.setUpCode
  if (code === undefined) throw new Error('there is an owner already')
  await page.goto(`${origin}/console/set-up`)
  await page.getByLabel('Set-up code').fill(code)
  await page.getByLabel('Your name').fill(name)
  await page.getByLabel('Your e-mail address').fill(email)
  await page.getByRole('button', { name: 'Go on' }).click()
  await page.getByRole('button', { name: 'Make a passkey' }).click()
  await page.getByLabel('I have kept them').check()
  await page.getByRole('button', { name: 'Go to the console' }).click()
  await page.getByRole('heading', { name: 'Today' }).waitFor()
}

/** Invites somebody by the console, and gives the link that is shown where no mail is set up. */
export async function invite(page: Page, origin: string, name: string, email: string): Promise<string> {
  await page.goto(`${origin}/console/people`)
  await page.getByRole('button', { name: 'Invite somebody' }).first().click()
  await page.getByLabel('Name', { exact: true }).fill(name)
  await page.getByLabel('E-mail address').last().fill(email)
  await page.getByRole('button', { name: 'Invite', exact: true }).click()
  const link = await page.getByLabel('Link').textContent()
  await page.getByRole('button', { name: 'I have it' }).click()
  return link ?? ''
}

/** Accepts an invitation with a password and an authenticator app. @returns the secret of the app, and the recovery codes */
export async function acceptWithPassword(page: Page, link: string, password: string): Promise<{ secret: string; recoveryCodes: string[] }> {
  await page.goto(link)
  await page.getByRole('button', { name: 'Accept' }).click()
  await page.getByRole('button', { name: 'Password and authenticator app' }).click()
  await page.getByLabel('New password').fill(password)
  await page.getByRole('button', { name: 'Go on' }).click()
  const secret = (await page.getByLabel('Secret for the authenticator app').textContent()) ?? ''
  await page.getByLabel('Code that the app shows now').fill(codeOf(secret, -1))
  await page.getByRole('button', { name: 'Go on' }).click()
  await page.getByLabel('I have kept them').check()
  const codes = await page.getByLabel('Recovery codes').getByRole('listitem').allTextContents()
  await page.getByRole('button', { name: 'Go to the console' }).click()
  await page.getByRole('heading', { name: 'Today' }).waitFor()
  return { secret, recoveryCodes: codes }
}
