import { existsSync, readFileSync } from 'node:fs'
import path from 'node:path'
import type { Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { CHROMIUM, type Console, NARROW, openConsole, overflow, setUpOwner, type Visitor, violations, visitor, WIDE } from './console-page.ts'
import { sharedFolder } from './installation.ts'

const SEED = path.join(sharedFolder, 'seeds/neeto-security-policy.md')
const SHOTS = process.env['VOUCHSAFE_SHOTS']

describe.skipIf(!existsSync(CHROMIUM) || !existsSync(SEED))('a page, from a file to what everybody reads', { timeout: 180_000 }, () => {
  let place: Console
  let ada: Visitor
  let page: Page
  const at = (where: string): string => new URL(where, `${place.origin}/console/`).href
  beforeAll(async () => {
    place = await openConsole('policy')
    ada = await visitor(place)
    page = ada.page
    await setUpOwner(place, page)
  })
  afterAll(async () => {
    await ada?.[Symbol.asyncDispose]()
    await place?.[Symbol.asyncDispose]()
  })

  const importing = async (name: string, bytes: Buffer): Promise<void> => {
    await page.goto(at('policies/import'))
    await page.getByLabel('File', { exact: true }).setInputFiles({ name, mimeType: 'application/octet-stream', buffer: bytes })
    await page.getByLabel('Short name').fill('security')
    await page.getByRole('button', { name: 'Read it as a draft' }).click()
  }
  const rowOf = (text: string) => page.locator('.line', { hasText: text })

  it('what is no page is refused where it was chosen, and says why', async () => {
    await importing('empty.md', Buffer.alloc(0))
    await page.getByRole('alert').getByText('empty.md is empty').waitFor()
    await importing('photo.md', Buffer.from([0x89, 0x50, 0x4e, 0x47, 0, 0, 0, 13, 0xff, 0xfe, 0, 1]))
    await page.getByRole('alert').waitFor()
    expect(await page.getByRole('alert').textContent()).not.toMatch(/undefined|\[object/)
    await importing('huge.md', Buffer.alloc(6 * 1024 * 1024, 'a'))
    await page.getByRole('alert').getByText('huge.md has 6 MB').waitFor()
    await page.getByLabel('Fetch an address').check()
    await page.getByLabel('Address', { exact: true }).fill('ftp://nowhere')
    await page.getByRole('button', { name: 'Read it as a draft' }).click()
    await page.getByRole('alert').getByText('An address begins with https://').first().waitFor()
    expect(await page.getByLabel('Short name').inputValue()).toBe('security')
  })

  it('it is read beside what it rests on, and corrected by keys, with a way back', async () => {
    await importing('neeto.md', readFileSync(SEED))
    await page.waitForURL(/\/policies\/security\/1$/)
    const backup = rowOf('backs up production systems and data daily')
    await backup.getByText('backup-daily').waitFor()
    await backup.getByText('because').first().waitFor()
    await page.keyboard.press('j')
    await page.keyboard.press('j')
    const second = page.locator('.line.here')
    const text = (await second.locator('.said').textContent()) ?? ''
    expect(text).toContain('commercially reasonable')
    await page.keyboard.press('n')
    await rowOf(text).getByText('not a claim', { exact: true }).waitFor()
    await page.keyboard.press('u')
    await rowOf(text).getByText('claim, hedged').waitFor()
    await backup.click()
    await page.keyboard.press('e')
    const dialog = page.getByRole('dialog')
    await dialog.getByLabel('Controls').fill('backup-restore-tested')
    await dialog.getByRole('button', { name: 'Take out backup-restore-tested' }).waitFor()
    await dialog.getByRole('button', { name: 'Save' }).click()
    await backup.getByText('backup-restore-tested named by somebody').waitFor()
    await backup.getByText('looked at').waitFor()
  })

  it('of two who correct the same sentence, the second sees both and chooses', async () => {
    const text = 'Access provisioning follows role-based need'
    // Without news of what others do: as if both had looked at the same moment.
    await page.route('**/api/v1/events', (route) => route.abort())
    await page.goto(at('policies/security/1'))
    await rowOf(text).click()
    const other = await ada.context.newPage()
    await other.goto(at('policies/security/1'))
    await other.locator('.line', { hasText: text }).click()
    await other.keyboard.press('n')
    await other.locator('.line', { hasText: text }).getByText('not a claim', { exact: true }).waitFor()
    await page.bringToFront()
    await page.keyboard.press('a')
    const dialog = page.getByRole('dialog', { name: /changed|corrected/ })
    await dialog.getByRole('heading', { name: 'As it is now' }).waitFor()
    expect(await violations(page)).toEqual([])
    await dialog.getByRole('button', { name: 'Save mine over it' }).click()
    await dialog.waitFor({ state: 'detached' })
    await rowOf(text).getByText('claim', { exact: true }).waitFor()
    await other.close()
    await page.unroute('**/api/v1/events')
  })

  it('it is rehearsed before anybody sees it, and replayed over what was recorded', async () => {
    await page.goto(at('policies/security/1?view=findings'))
    await page.getByText('governs what follows').first().waitFor()
    await page.goto(at('policies/security/1?view=rehearsal'))
    await page.getByText(/would have ended/).first().waitFor()
    await page.getByRole('button', { name: 'Run its checks now' }).click()
    await page.getByText(/would be/).first().waitFor({ timeout: 60_000 })
    expect((await place.here.public('/', { headers: { host: 'security.elsewhere.example' } })).text).not.toContain('commercially reasonable')
  })

  it('it is approved claim by claim in a name, published, and read by everybody', async () => {
    await page.goto(at('policies/security/1?view=decisions'))
    await page.getByLabel(/Neeto also runs dependency vulnerability checks/).uncheck()
    await page.getByRole('button', { name: /^Approve \d+ of \d+ claims$/ }).click()
    await page.getByRole('dialog', { name: 'Approve as Ada Example' }).getByLabel('Note').fill('Read aloud twice.')
    await page.getByRole('button', { name: 'Approve it in my name' }).click()
    await page.getByRole('button', { name: 'Publish', exact: true }).click()
    await page.getByRole('button', { name: 'Publish it in my name' }).click()
    await page.getByText('This is what the page says.').waitFor()
    await page.getByRole('row', { name: /approved Ada Example/ }).getByText('Read aloud twice.').waitFor()
    const { status, text } = await place.here.public('/')
    expect(status).toBe(200)
    expect(text).toContain('backs up production systems and data daily')
    expect(text).not.toContain('Read aloud twice.')
    await page.goto(place.origin)
    await page.getByText('backs up production systems and data daily').first().waitFor()
  })

  it('somebody answers for a claim, and a view of the list is kept', async () => {
    await page.goto(at('claims'))
    await page.getByLabel('Words, control or check').fill('backs up production')
    await page.getByRole('link', { name: /backs up production systems/ }).click()
    await page.getByRole('button', { name: 'I answer for it' }).click()
    await page.locator('.facts').getByText('Ada Example').waitFor()
    await page.goto(at('claims?owner=some'))
    await page.getByRole('row', { name: /backs up production systems/ }).getByText('Ada Example').waitFor()
    await page.getByRole('button', { name: 'Save this view' }).click()
    await page.getByRole('dialog').getByLabel('Name').fill('Owned')
    await page.getByRole('button', { name: 'Save', exact: true }).click()
    await page.goto(at('claims'))
    await page.getByLabel('Saved views').selectOption('Owned')
    await page.waitForURL(/owner=some/)
  })

  it('a check is run now, its evidence is shown, and erased for good', async () => {
    await page.goto(at('checks/one?id=installation/append-only'))
    await page.getByRole('button', { name: 'Run now' }).click()
    await page.getByText(/Not recorded: this slot has its result already|Recorded in its slot/).waitFor({ timeout: 30_000 })
    await page.goto(at('checks?verdict=holds'))
    await page.locator('.main-cell a').first().click()
    await page.getByRole('button', { name: 'Show the evidence' }).click()
    await page.getByRole('region', { name: 'Evidence' }).waitFor()
    await page.getByRole('button', { name: 'Erase', exact: true }).click()
    await page.getByRole('button', { name: 'Erase for good' }).click()
    await page.getByText('has been erased').waitFor()
  })

  it('the log is browsed and audited, and the trail says who did all of this', async () => {
    await page.goto(at('log'))
    await page.getByRole('button', { name: 'Audit the whole log now' }).click()
    await page.getByText('The log is whole.').waitFor({ timeout: 60_000 })
    await page.getByLabel('Kind').selectOption('page-snapshot')
    await page.locator('.main-cell a').first().click()
    await page.getByRole('region', { name: 'Statement' }).getByText('page-snapshot').waitFor()
    await page.getByRole('region', { name: 'Receipt' }).waitFor()
    await page.goto(at('audit?actorKind=person'))
    for (const action of ['policy.publish', 'policy.approve', 'claim.own', 'evidence.read', 'evidence.erase', 'policy.draft']) await page.getByRole('row', { name: new RegExp(`${action.replace('.', '\\.')}.*Ada Example`) }).first().waitFor()
    const [download] = await Promise.all([page.waitForEvent('download'), page.getByRole('link', { name: 'CSV' }).click()])
    const rows = readFileSync(await download.path(), 'utf8').trim().split('\r\n')
    expect(rows[0]).toBe('id,at,actorKind,actor,action,subjectKind,subject,detail,requestId')
    expect(rows.slice(1).every((row) => row.split(',')[2] === 'person')).toBe(true)
  })

  it('every screen of it passes WCAG 2.2 AA, light and dark, wide and at 320 px', async () => {
    const found: string[] = []
    const screens = ['', 'claims', 'claims?state=broken', 'policies', 'policies/import', 'policies/security/1', 'policies/security/1?view=findings', 'policies/security/1?view=rehearsal', 'policies/security/1?view=changes', 'policies/security/1?view=decisions', 'checks', 'checks/one?id=installation/append-only', 'controls', 'log', 'log/1', 'audit']
    for (const colorScheme of ['light', 'dark'] as const) {
      for (const viewport of [WIDE, NARROW]) {
        await page.emulateMedia({ colorScheme })
        await page.setViewportSize(viewport)
        for (const screen of screens) {
          await page.goto(at(screen))
          await page.locator('h1').first().waitFor()
          await page.locator('.bone').first().waitFor({ state: 'detached' })
          if (SHOTS !== undefined) await page.screenshot({ path: `${SHOTS}/spine-${screen.replaceAll(/[^a-z0-9]+/g, '-') || 'today'}-${colorScheme}-${viewport.width}.png` })
          found.push(...(await violations(page)).map((violation) => `${screen} ${colorScheme} ${viewport.width}: ${violation}`))
          if ((await overflow(page)) > 0) found.push(`${screen} ${colorScheme} ${viewport.width}: it scrolls sideways`)
        }
      }
    }
    expect(found).toEqual([])
    expect(ada.complaints.filter((complaint) => !/net::ERR_FAILED/.test(complaint))).toEqual([])
  })
})
