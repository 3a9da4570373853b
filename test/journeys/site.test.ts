import { existsSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { answer } from '../../packages/verify/test/site.ts'
import { buildHistory, CLAIMS, SOURCE } from '../../packages/verify/test/history.ts'
import { ownView, type Pages, pagesOf, seedsPresent, seedView } from './site-pages.ts'
import { serveSite, type SiteServer } from './site-server.ts'

const CHROMIUM = '/usr/bin/chromium'
const ARGS = ['--no-sandbox', '--disable-gpu', '--disable-background-networking', '--disable-component-update', '--disable-sync']
const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')
const WCAG = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice']
const WIDE = { width: 1360, height: 1000 }
const NARROW = { width: 320, height: 900 }

interface Visit {
  page: Page
  /** What the browser complained of: scripts, styles, blocked or missing resources. */
  complaints: string[]
}

describe.skipIf(!existsSync(CHROMIUM))('the site in a browser', () => {
  let browser: Browser
  let made: Pages
  let server: SiteServer
  beforeAll(async () => {
    browser = await chromium.launch({ executablePath: CHROMIUM, args: ARGS })
    made = pagesOf(ownView())
    server = await serveSite(made.pages, made.assets, made.view.site)
  })
  afterAll(async () => {
    await browser?.close()
    await server?.[Symbol.asyncDispose]()
  })

  async function visit(path: string, options: BrowserContextOptions = {}, origin = server.origin): Promise<Visit & AsyncDisposable> {
    const context = await browser.newContext({ viewport: WIDE, ...options })
    const page = await context.newPage()
    const complaints: string[] = []
    page.on('console', (message) => complaints.push(message.text()))
    page.on('pageerror', (error) => complaints.push(String(error)))
    await page.goto(origin + path)
    return { page, complaints, [Symbol.asyncDispose]: () => context.close() }
  }

  async function violations(page: Page): Promise<string[]> {
    await page.evaluate(AXE)
    const found = await page.evaluate(async (tags) => {
      const { axe } = globalThis as unknown as { axe: { run(node: unknown, options: unknown): Promise<{ violations: { id: string; nodes: { html: string; failureSummary?: string }[] }[] }> } }
      return (await axe.run('html', { runOnly: tags })).violations
    }, WCAG)
    return found.flatMap((violation) => violation.nodes.slice(0, 3).map((node) => `${violation.id}: ${node.html.slice(0, 160)} ${node.failureSummary ?? ''}`))
  }

  const openAll = (page: Page): Promise<void> => page.evaluate(() => {
    for (const details of Array.from((globalThis as unknown as { document: { querySelectorAll(s: string): Iterable<{ open: boolean }> } }).document.querySelectorAll('details'))) details.open = true
  })
  const overflow = (page: Page): Promise<number> => page.evaluate('document.documentElement.scrollWidth - document.documentElement.clientWidth')

  /** Words that stand outside of the window, where no scrolling reaches them. */
  const cutOff = (page: Page): Promise<string[]> => page.evaluate(`[...document.querySelectorAll('main *, header *, footer *')].filter((at) => {
    const box = at.getBoundingClientRect()
    return box.width > 1 && at.checkVisibility() && !at.closest('.table, pre, .hidden') && (box.left < 0 || box.right > document.documentElement.clientWidth + 1)
  }).map((at) => at.outerHTML.slice(0, 120))`)

  const claims = ['t0', 't3', 't6', 't9'].map((id) => `/claims/${id}`)
  const paths = ['/', '/policies/security/versions', '/policies/security/versions/13..14', '/verify', '/nowhere', ...claims]

  describe.each(['light', 'dark'] as const)('in %s', (colorScheme) => {
    it.each(paths)('%s has no violation of WCAG 2.2 AA, wide or narrow, and never scrolls sideways', async (path) => {
      for (const viewport of [WIDE, NARROW]) {
        await using seen = await visit(path, { viewport, colorScheme })
        await openAll(seen.page)
        expect(await violations(seen.page)).toEqual([])
        expect(await overflow(seen.page)).toBe(0)
        expect(await cutOff(seen.page)).toEqual([])
        expect(seen.complaints.filter((complaint) => path !== '/nowhere' || !complaint.includes('404'))).toEqual([])
      }
    })
  })

  it('a preview, and an organisation’s own accent, pass the same', async () => {
    const preview = pagesOf(ownView({ site: { status: 'preview' } }), '#ffd400')
    await using other = await serveSite(preview.pages, preview.assets, preview.view.site)
    for (const colorScheme of ['light', 'dark'] as const) {
      await using seen = await visit('/', { colorScheme }, other.origin)
      await openAll(seen.page)
      expect(await violations(seen.page)).toEqual([])
    }
  })

  describe.skipIf(!seedsPresent)('real pages', () => {
    it.each(['neeto-security-policy.md', 'neon-security.md', 'neo4j-aura-cloud-security.txt'])('%s passes the same, wide and narrow', async (name) => {
      const seed = pagesOf(seedView(name))
      await using other = await serveSite(seed.pages, seed.assets, seed.view.site)
      for (const viewport of [WIDE, NARROW]) {
        await using seen = await visit('/', { viewport }, other.origin)
        expect(await violations(seen.page)).toEqual([])
        expect(await overflow(seen.page)).toBe(0)
        expect(await cutOff(seen.page)).toEqual([])
        expect(await seen.page.locator('.claim').count()).toBe(seed.view.claims.length)
      }
    })
  })

  it('nothing is asked for that is not there, and nothing from elsewhere', async () => {
    await using seen = await visit('/')
    await seen.page.evaluate('document.fonts.ready.then(() => 1)')
    expect(server.missing.filter((path) => path !== '/nowhere')).toEqual([])
    const hosts: string[] = await seen.page.evaluate("performance.getEntriesByType('resource').map((entry) => new URL(entry.name).origin)")
    expect(new Set(hosts)).toEqual(new Set([server.origin]))
    expect(await seen.page.evaluate("[...document.fonts].filter((font) => font.status === 'loaded').map((font) => font.family.replaceAll('\"', ''))")).toEqual(expect.arrayContaining(['Source Serif 4', 'Inter']))
  })

  it.each([['wide', WIDE], ['narrow', NARROW]])('%s: each mark stands on the first line of its sentence, in one column', async (_name, viewport) => {
    await using seen = await visit('/', { viewport })
    const places: { mark: number; line: number; left: number; height: number; overlap: boolean }[] = await seen.page.evaluate(`[...document.querySelectorAll('.row.claim')].map((row) => {
      const mark = row.querySelector('summary .mark').getBoundingClientRect()
      const range = document.createRange(); range.selectNodeContents(row.querySelector('.say'))
      const first = range.getClientRects()[0]
      const text = row.querySelector('.say').getBoundingClientRect()
      return { mark: mark.top + mark.height / 2, line: first.top + first.height / 2, left: Math.round(mark.left), height: first.height, overlap: mark.right > text.left }
    })`)
    expect(places.length).toBeGreaterThan(10)
    for (const place of places) {
      expect(Math.abs(place.mark - place.line)).toBeLessThan(5)
      expect(place.overlap).toBe(false)
    }
    expect(new Set(places.map((place) => place.left)).size).toBe(1)
  })

  it('wide: a note begins on the line of its sentence, in the right margin; narrow: it falls under it', async () => {
    const geometry = `[...document.querySelectorAll('.row.claim')].map((row) => {
      const say = row.querySelector('.say').getBoundingClientRect(), note = row.querySelector('.note').getBoundingClientRect()
      return { right: note.left >= say.right, under: note.top >= say.bottom, level: Math.abs(note.top - say.top) < 14 }
    })`
    await using wide = await visit('/', { viewport: WIDE })
    for (const place of await wide.page.evaluate(geometry) as { right: boolean; level: boolean }[]) expect(place).toMatchObject({ right: true, level: true })
    await using narrow = await visit('/', { viewport: NARROW })
    for (const place of await narrow.page.evaluate(geometry) as { under: boolean }[]) expect(place).toMatchObject({ under: true })
  })

  it('the keyboard goes from the skip link through the page, and always shows where it is', async () => {
    await using seen = await visit('/')
    const { page } = seen
    await page.keyboard.press('Tab')
    const skip = page.locator('.skip')
    expect(await skip.evaluate((element) => element.matches(':focus') && element.getBoundingClientRect().top >= 0)).toBe(true)
    const visited: { text: string; outline: string; width: string; top: number; skip: boolean }[] = []
    for (let k = 0; k < 30; k++) {
      await page.keyboard.press('Tab')
      visited.push(await page.evaluate(`(() => { const at = document.activeElement, style = getComputedStyle(at); return { text: at.textContent.trim().slice(0, 40) || at.id, outline: style.outlineStyle, width: style.outlineWidth, top: [...document.querySelectorAll('*')].indexOf(at) } })()`))
    }
    for (const each of visited) expect([each.text, each.outline]).toEqual([each.text, 'solid'])
    expect(visited.map((each) => each.top)).toEqual(visited.map((each) => each.top).toSorted((a, b) => a - b)) // document order
    await page.goto(server.origin)
    await page.keyboard.press('Tab')
    await page.keyboard.press('Enter')
    expect(await page.evaluate('document.activeElement.id')).toBe('main')
  })

  it('a mark opens its statement by keyboard, and the card says what the evidence does not show', async () => {
    await using seen = await visit('/')
    const row = seen.page.locator('.row.claim').first()
    await row.locator('summary').focus()
    await seen.page.keyboard.press('Enter')
    expect(await row.locator('.card').isVisible()).toBe(true)
    expect(await row.locator('.meaning').innerText()).toContain('It does not show that our software observed honestly')
    await seen.page.keyboard.press('Enter')
    expect(await row.locator('.card').isVisible()).toBe(false)
  })

  it('without scripts everything is there: statements open, the scope is chosen, the evidence is a link', async () => {
    await using seen = await visit('/', { javaScriptEnabled: false })
    const { page } = seen
    const row = page.locator('.row.claim').first()
    await row.locator('summary').click()
    expect(await row.locator('.card').isVisible()).toBe(true)
    expect(await row.locator('.card a.button').getAttribute('href')).toBe('/claims/t0/bundle')
    await page.locator('#scope').selectOption('self-hosted')
    await page.locator('.scope button').click()
    expect(new URL(page.url()).searchParams.get('scope')).toBe('self-hosted')
    await page.locator('.row.claim .note a').first().click()
    expect(new URL(page.url()).pathname).toBe('/claims/t0')
    expect(await page.locator('h1').innerText()).toBe(made.view.claims[0]?.text)
  })

  describe('the button that verifies here', () => {
    /** A page whose claims, log and bundles are one real history. */
    async function verifiable() {
      const history = await buildHistory()
      const view = ownView({ page: new TextDecoder().decode(SOURCE), state: () => 'checked', claim: (index) => ({ id: CLAIMS[index]?.id ?? 'none' }) })
      const site = { ...view.site, at: new Date(history.at), log: { ...view.site.log, origin: history.log.origin, vkey: history.log.vkey, size: history.log.entries.length } }
      const { pages, assets } = pagesOf({ ...view, site })
      return { assets, server: await serveSite(pages, assets, site, (path, response) => answer(history, path, response)) }
    }

    it('takes its steps within the page’s policy, and what it shows is readable and says what it does not show', async (context) => {
      const { assets, server: other } = await verifiable()
      await using _closing = other
      if (assets.verify.script === undefined) return context.skip('the verifier has not been built')
      for (const colorScheme of ['light', 'dark'] as const)
        for (const viewport of [WIDE, NARROW]) {
          await using seen = await visit('/claims/claim-tls', { viewport, colorScheme }, other.origin)
          await seen.page.locator('.verify-button').click()
          await seen.page.locator('.verify-not').waitFor()
          expect(await seen.page.locator('.verify-step').count()).toBeGreaterThan(4)
          expect(await seen.page.locator('.verify-status').innerText()).not.toContain('wrong')
          expect(await violations(seen.page)).toEqual([])
          expect(await cutOff(seen.page)).toEqual([])
          expect(seen.complaints).toEqual([])
        }
    })

    it('says so when the evidence cannot be had', async (context) => {
      if (made.assets.verify.script === undefined) return context.skip('the verifier has not been built')
      await using seen = await visit('/claims/t0')
      await seen.page.locator('.verify-button').click()
      await seen.page.locator('.verify-not').waitFor()
      expect(await seen.page.locator('.verify-status').innerText()).toContain('Not everything could be checked')
      expect(await violations(seen.page)).toEqual([])
    })
  })

  it('at 320 px the sections are reached through the folded list, and the menu through its link', async () => {
    await using seen = await visit('/', { viewport: NARROW })
    const { page } = seen
    expect(await page.locator('nav.contents').isVisible()).toBe(false)
    await page.locator('.contents-folded > summary').click()
    await page.locator('.contents-folded a').nth(1).click()
    expect(new URL(page.url()).hash).toBe('#s-2-log')
    await page.locator('.to-foot').click()
    expect(await page.locator('#foot nav').isVisible()).toBe(true)
  })

  it('twice the text size still needs no scrolling sideways', async () => {
    await using seen = await visit('/', { viewport: { width: 640, height: 900 } })
    await openAll(seen.page)
    await seen.page.evaluate("document.documentElement.setAttribute('data-large', ''); const sheet = new CSSStyleSheet(); sheet.insertRule('html[data-large]{font-size:200%}'); document.adoptedStyleSheets = [sheet]")
    expect(await overflow(seen.page)).toBe(0)
  })

  it('on paper there are sentences, marks and notes, and nothing to press', async () => {
    await using seen = await visit('/')
    await seen.page.emulateMedia({ media: 'print' })
    for (const gone of ['.masthead nav', '.scope', 'nav.contents', '.skip']) expect(await seen.page.locator(gone).first().isVisible()).toBe(false)
    for (const kept of ['h1', '.say', '.note', '.row.claim summary .mark', '.tally', '.as-of']) expect(await seen.page.locator(kept).first().isVisible()).toBe(true)
  })

  it('with forced colours the marks are still drawn', async () => {
    await using seen = await visit('/', { forcedColors: 'active' })
    const colours: string[] = await seen.page.evaluate("[...document.querySelectorAll('.row.claim summary .mark')].map((mark) => getComputedStyle(mark).color)")
    const ground: string = await seen.page.evaluate('getComputedStyle(document.body).backgroundColor')
    for (const colour of colours) expect(colour).not.toBe(ground)
  })
})
