import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { promisify } from 'node:util'
import { chromium, type Browser, type Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { textOf } from '../src/index.ts'
import { buildHistory, CLAIMS, START, type History } from './history.ts'
import { answer } from './site.ts'

const CHROMIUM = '/usr/bin/chromium'
const root = fileURLToPath(new URL('..', import.meta.url))
const built = (name: string): string => join(root, 'dist/browser', name)
const build = async (): Promise<string> => (await promisify(execFile)(process.execPath, [join(root, 'build.mjs')])).stdout

describe('the bundled verifier', () => {
  it('comes out the same each time, and its digest is beside it', async () => {
    await build()
    const first = await Promise.all(['verify.js', 'verify.html'].map((name) => readFile(built(name), 'utf8')))
    await build()
    expect(await Promise.all(['verify.js', 'verify.html'].map((name) => readFile(built(name), 'utf8')))).toEqual(first)
    const digest = createHash('sha256').update(first[1] as string).digest('hex')
    expect(await readFile(built('verify.html.sha256'), 'utf8')).toBe(`${digest}  verify.html\n`)
  })

  it('is one file that refers to nothing outside itself', async () => {
    const html = await readFile(built('verify.html'), 'utf8')
    expect(html).not.toMatch(/\s(?:src|href)=/)
    expect(html.match(/<script/g)).toHaveLength(1)
    expect(html).toContain("default-src 'none'")
  })
})

describe.skipIf(!existsSync(CHROMIUM))('in a real browser (skipped where /usr/bin/chromium is absent)', () => {
  let browser: Browser
  let history: History
  let folder: string
  beforeAll(async () => {
    if (!existsSync(built('verify.html'))) await build()
    history = await buildHistory()
    folder = await mkdtemp(join(tmpdir(), 'vouchsafe-browser-'))
    browser = await chromium.launch({ executablePath: CHROMIUM, args: ['--no-sandbox', '--disable-gpu', '--disable-background-networking', '--disable-component-update', '--disable-sync'] })
  })
  afterAll(async () => {
    await browser?.close()
    await rm(folder, { recursive: true, force: true })
  })

  /** Errors and refused resources of a page: there must be none. */
  const watched = async (): Promise<{ page: Page; complaints: string[] }> => {
    const page = await (await browser.newContext()).newPage()
    // The history is of a fixed day; so is the reader's clock, whatever this machine's says.
    await page.clock.setFixedTime(history.at)
    const complaints: string[] = []
    page.on('pageerror', (error) => complaints.push(error.message))
    page.on('console', (message) => void (message.type() === 'error' && complaints.push(message.text())))
    return { page, complaints }
  }

  describe('the offline file, opened from disk', () => {
    const open = async (files: Record<string, Uint8Array>, trust = true): Promise<{ page: Page; complaints: string[]; requests: string[] }> => {
      const opened = await watched()
      const requests: string[] = []
      opened.page.on('request', (request) => requests.push(request.url()))
      await opened.page.goto(pathToFileURL(built('verify.html')).href)
      if (trust) {
        await opened.page.fill('#vkey', history.log.vkey)
        await opened.page.fill('#policy', history.policyText)
      }
      const paths = await Promise.all(Object.entries(files).map(async ([name, bytes]) => {
        const path = join(folder, name)
        await writeFile(path, bytes)
        return path
      }))
      // Later than the trust above, so that what is waited for is judged by it.
      await opened.page.setInputFiles('#files', paths)
      await opened.page.waitForFunction((count) => document.querySelectorAll('.verify-not').length === count, Object.keys(files).length)
      return { ...opened, requests }
    }
    const claim = (index = 0): Promise<Uint8Array> => history.log.claimBundle(CLAIMS[index]?.id ?? '', CLAIMS[index]?.text ?? '', history.at)
    const status = (page: Page): Promise<string[]> => page.locator('.verify-status').allTextContents()

    it('confirms a good bundle, step by step, and asks nobody', async () => {
      const { page, complaints, requests } = await open({ 'good.json': await claim() })
      expect((await status(page))[0]).toMatch(/^Confirmed\. The statement is checked now\./)
      expect(await page.locator('.verify-good .verify-name').allTextContents()).toEqual(['container', 'log key', 'checkpoint', 'witnesses', 'freshness', 'entries', 'statements', 'sentence', 'slots', 'definition', 'evidence', 'page state', 'state now'])
      expect(await page.locator('.verify-not').textContent()).toContain('does not show that the software observed honestly')
      expect(complaints).toEqual([])
      expect(requests).toHaveLength(1)
      await page.context().close()
    })

    it('rejects a bad one', async () => {
      const bytes = await claim()
      const bad = Buffer.from(textOf(bytes).replace(/"salt":"(.)/, (_, first: string) => `"salt":"${first === 'A' ? 'B' : 'A'}`))
      const { page } = await open({ 'bad.json': bad })
      expect(await status(page)).toEqual(['Something is wrong.'])
      expect(await page.locator('.verify-bad .verify-name').allTextContents()).toEqual(['entries'])
      await page.context().close()
    })

    it('does not call a bundle good without a key from elsewhere', async () => {
      const { page } = await open({ 'good.json': await claim() }, false)
      expect((await status(page))[0]).toMatch(/^Not everything could be checked/)
      await page.context().close()
    })

    it('recomputes a page that is dropped together with its claims', async () => {
      const files: Record<string, Uint8Array> = { 'a page.json': await history.log.pageBundle('security', history.source, history.at) }
      for (const [i, { id }] of CLAIMS.entries()) files[`${id}.json`] = await claim(i)
      const { page } = await open(files)
      expect((await page.locator('.result').last().locator('.verify-status').textContent())?.trim()).toBe('Confirmed.')
      await page.context().close()
    })
  })

  describe('the button in a page, under a strict policy', () => {
    let server: Server
    let shown: History
    let bundleLie: Uint8Array | undefined
    const url = (): string => `http://127.0.0.1:${(server.address() as AddressInfo).port}/claims/claim-tls`
    beforeAll(async () => {
      server = createServer((request, response) => {
        const path = request.url ?? '/'
        response.setHeader('content-security-policy', "default-src 'none'; script-src 'self'; connect-src 'self'; style-src 'self'; base-uri 'none'; form-action 'none'; require-trusted-types-for 'script'")
        if (path === '/verify.js') return void readFile(built('verify.js')).then((code) => response.setHeader('content-type', 'text/javascript').end(code))
        if (path === '/favicon.ico') return void response.writeHead(204).end()
        if (path === '/claims/claim-tls')
          return void response
            .setHeader('content-type', 'text/html; charset=utf-8')
            .end(`<!doctype html><html lang="en"><title>x</title><section data-verify data-bundle="/claims/claim-tls/bundle" data-vkey="${shown.log.vkey}" data-offline="/verify.html" data-offline-digest="${'ab'.repeat(32)}"><p class="actions"><a href="/x">Evidence</a></p></section><script src="/verify.js" defer></script></html>`)
        if (path.endsWith('/bundle') && bundleLie) return void response.end(bundleLie)
        void answer(shown, path, response)
      })
      await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
    })
    afterAll(() => {
      server.closeAllConnections()
      server.close()
    })
    const press = async (page: Page): Promise<string> => {
      await page.goto(url())
      await page.getByRole('button', { name: 'Verify in this browser' }).click()
      await page.waitForSelector('.verify-caveat')
      return (await page.locator('.verify-status').textContent()) ?? ''
    }

    it('verifies, remembers, and shouts about a fork', async () => {
      shown = history
      bundleLie = undefined
      const { page, complaints } = await watched()
      expect(await press(page)).toMatch(/^Not everything could be checked/) // first use of the page's own key
      expect(await page.locator('.verify-unknown .verify-name').allTextContents()).toContain('log key')
      expect(await page.locator('.verify-caveat').first().textContent()).toContain("runs the page's own code")
      expect(await page.locator('.verify-digest').textContent()).toBe('ab'.repeat(32))
      expect(await press(page)).toMatch(/^Confirmed/)
      expect(await page.locator('.verify-steps').textContent()).toContain('the same 125 entries')

      const grown = await buildHistory()
      await grown.result(grown.bindings.get('tls-versions') as never, { slot: 6 })
      shown = grown
      expect(await press(page)).toMatch(/^Confirmed/)
      expect(await page.locator('.verify-steps').textContent()).toContain('nothing before them changed')

      const forked = await buildHistory({ open: true })
      await forked.snapshot(START + 12 * 3600_000, (claims) => claims.slice(0, 1))
      for (let slot = 6; slot < 9; slot++) await forked.result(forked.bindings.get('tls-versions') as never, { slot })
      shown = forked
      expect(await press(page)).toBe('Something is wrong.')
      expect(await page.locator('.verify-bad').first().textContent()).toMatch(/FORK|Something/)
      expect(complaints).toEqual([])
      await page.context().close()
    })

    it('says so when the bundle is damaged, and can be pressed again', async () => {
      shown = history
      bundleLie = Buffer.from('<!doctype html>')
      const { page, complaints } = await watched()
      expect(await press(page)).toBe('Something is wrong.')
      expect(complaints).toEqual([])
      bundleLie = undefined
      await page.getByRole('button', { name: 'Verify again' }).click()
      await page.waitForFunction(() => document.querySelectorAll('.verify-step').length > 8 && document.querySelector('.verify-caveat') !== null)
      await page.context().close()
    })
  })
})
