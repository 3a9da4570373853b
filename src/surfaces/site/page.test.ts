import type { Element } from 'hast'
import { describe, expect, it } from 'vitest'
import type { ClaimState } from '@vouchsafe/verify'
import { loadAssets } from './assets.ts'
import { claimPage } from './claim.tsx'
import { diffPage } from './diff.tsx'
import { errorPage } from './error.tsx'
import { byClass, byTag, elementsOf, hasClass, parseHtml, textOf } from './html.fixture.ts'
import { STATES } from './mark.tsx'
import { policyPage } from './page.tsx'
import type { PageView } from './view.ts'
import { AT, backingView, claimOf, claimPageView, OWN_POLICY, pageView, type Sample } from './view.fixture.ts'
import { verifyPage } from './verify.tsx'
import { versionsPage, withdrawnPage } from './versions.tsx'

const assets = loadAssets()
const states: Sample['state'] = (index) => STATES[index % STATES.length]
const render = (sample: Partial<Sample> = {}) => parseHtml(policyPage(pageView({ page: OWN_POLICY, state: states, ...sample }), assets).body)
const squeeze = (text: string): string => text.replace(/\s+/g, '')
const claimElements = (root: ReturnType<typeof parseHtml>): Element[] => elementsOf(root, (element) => hasClass(element, 'claim'))

/** The words of a claim as they stand in the page, without mark, note and card. */
function sentenceOf(claim: Element): string {
  const own = claim.children.filter((child) => !(child.type === 'element' && (child.tagName === 'details' || hasClass(child, 'note') || hasClass(child, 'cell-note'))))
  const bullet = byClass(claim, 'bullet').map(textOf).join('')
  const text = squeeze(own.map(textOf).join(''))
  return text.startsWith(squeeze(bullet)) ? text.slice(squeeze(bullet).length) : text
}

describe('the hosts to recheck', () => {
  it('are told for each claim alike on the page of all and on its own', () => {
    const page = pageView({ page: OWN_POLICY, state: states })
    const view = claimPageView(page, claimOf('checked', { backings: [backingView({ recheckTargets: ['a.example', 'b.example:8443'] })] }))
    const named = (body: string) => elementsOf(parseHtml(body), (element) => element.properties.dataRecheckTarget !== undefined).map(({ properties }) => `${String(properties.dataRecheckClaim)} ${String(properties.dataRecheckTarget)}`)
    const own = named(claimPage(view, assets).body)
    expect(own).toEqual([`${view.claim.id} a.example`, `${view.claim.id} b.example:8443`])
    const claims = page.claims.map((claim, k) => (k === 0 ? { ...claim, backings: view.claim.backings } : { ...claim, backings: [] }))
    expect(named(policyPage({ ...page, claims }, assets).body)).toEqual(own.map((one) => one.replace(view.claim.id, claims[0]!.id)))
  })
})

describe('a withdrawn policy', () => {
  const { site } = pageView({ page: OWN_POLICY, state: states })
  const version = (number: number, status: 'superseded' | 'withdrawn' | 'published') => ({ version: number, status, publishedAt: AT, approvedBy: 'Ada Example' })
  it('is gone: it says when and by whom, lists its versions, and leads to none of them', () => {
    const { status, body } = withdrawnPage({ site, slug: 'security', title: 'Security', at: AT, by: 'Ada Example', versions: [version(1, 'superseded'), version(2, 'withdrawn')] }, assets)
    const root = parseHtml(body)
    expect(status).toBe(410)
    expect(textOf(root)).toMatch(/Withdrawn on .* by Ada Example\./)
    expect(byTag(root, 'tr').map(textOf).join('|')).toMatch(/2withdrawn.*\|1superseded/)
    expect(byTag(root, 'a').filter((link) => String(link.properties.href).includes('/versions/'))).toEqual([])
  })
  it('is listed among the versions of the one that follows it, and compared with none', () => {
    const { policy } = pageView({ page: OWN_POLICY, state: states })
    const root = parseHtml(versionsPage({ site, policy: { ...policy, slug: 'security', versions: [version(1, 'superseded'), version(2, 'withdrawn'), version(3, 'published')] } }, assets).body)
    expect(byTag(root, 'a').map((link) => String(link.properties.href)).filter((href) => href.includes('..'))).toEqual(['/policies/security/versions/1..3'])
  })
})

describe('the policy as a page', () => {
  it('sets each claim once, with exactly its words, its state and a link to its own page', () => {
    const view = pageView({ page: OWN_POLICY, state: states })
    const claims = claimElements(parseHtml(policyPage(view, assets).body))
    expect(claims.map((claim) => claim.properties.id)).toEqual(view.claims.map((claim) => `c-${claim.id}`))
    claims.forEach((element, k) => {
      const claim = view.claims[k]!
      // A reference to a footnote is set without its brackets.
      expect(sentenceOf(element)).toBe(squeeze(claim.text.replace(/\[(\d+)\]/g, '$1')))
      expect(elementsOf(element, (each) => hasClass(each, `is-${claim.state}`)).length).toBeGreaterThan(0)
      expect(byTag(element, 'a').map((link) => link.properties.href)).toContain(`/claims/${claim.id}`)
    })
  })

  it('keeps every word of the policy, offered for checking or not', () => {
    const all = (root: ReturnType<typeof parseHtml>): string => squeeze(byClass(root, 'policy').map((policy) => [...byClass(policy, 'say'), ...byClass(policy, 'cell')].map((each) => textOf(each)).join('')).join(''))
    const none = all(render({ state: () => undefined }))
    expect(none).toContain('Whofindsotherwise'.replace('Who', 'Whoever'))
    expect(none).toContain('TLS1.2or1.3,seetheprobe.')
    expect(none).toContain('Publicentriesforeverthelog')
    expect(claimElements(render({ state: () => undefined }))).toEqual([])
  })

  it('list items and table cells are claims with marks; a list stays a list, and a table a table', () => {
    const root = render()
    const lists = byTag(root, 'li').filter((item) => claimElements({ type: 'root', children: [item] }).length > 0)
    expect(lists.length).toBeGreaterThanOrEqual(5)
    const cells = byTag(root, 'td').flatMap((cell) => claimElements({ type: 'root', children: [cell] }))
    expect(cells).toHaveLength(6)
    for (const cell of cells) expect(byClass(cell, 'mark')).toHaveLength(1)
    expect(byTag(root, 'ol').some((list) => hasClass(list, 'changes') === false)).toBe(true)
  })

  it('the word of a state stands beside every mark in reach of a screen reader', () => {
    for (const claim of claimElements(render())) {
      const state = STATES.find((each) => byClass(claim, `is-${each}`).length > 0) as ClaimState
      const word = { checked: 'checked', attested: 'attested', broken: 'broken', unknown: 'unknown', stale: 'stale', unbacked: 'not backed', unprovable: 'cannot be checked' }[state]
      expect(textOf(claim).toLowerCase()).toContain(word)
      for (const mark of byClass(claim, 'mark')) expect(mark.properties.ariaHidden).toBe('true')
    }
  })

  it('links within claims survive, and outside ones neither vouch nor reach back', () => {
    const link = byTag(render(), 'a').find((each) => each.properties.href === 'https://vouchsafe.example/probe')
    expect(link?.properties.rel).toEqual(['nofollow', 'noopener'])
  })

  it('a claim whose words are not where it points is still shown, and so is one that overlaps another', () => {
    const view = pageView({ page: OWN_POLICY, state: states })
    const lost = claimOf('broken', { id: 'lost', text: 'Nobody finds me.', start: 900_000, end: 900_020 })
    const over = claimOf('checked', { id: 'over', text: 'I overlap.', start: view.claims[0]!.start + 1, end: view.claims[0]!.end })
    const root = parseHtml(policyPage({ ...view, claims: [...view.claims, lost, over] }, assets).body)
    const ids = claimElements(root).map((claim) => claim.properties.id)
    expect(ids).toContain('c-lost')
    expect(ids).toContain('c-over')
    expect(new Set(ids).size).toBe(ids.length)
  })

  it('no id is used twice, and each link within the page leads somewhere', () => {
    for (const state of [states, (() => 'broken') as Sample['state']]) {
      const root = render({ state })
      const ids = elementsOf(root, (element) => typeof element.properties.id === 'string').map((element) => element.properties.id)
      expect(ids.length).toBe(new Set(ids).size)
      for (const link of byTag(root, 'a')) {
        const href = String(link.properties.href)
        if (href.startsWith('#')) expect(ids).toContain(href.slice(1))
      }
    }
  })

  it('says plainly that a preview is a preview, and that a published page is none', () => {
    expect(textOf(render({ site: { status: 'preview' } }))).toContain('This is a preview on this machine.')
    expect(textOf(render())).not.toContain('preview')
  })

  it('an earlier version says that it is one, and leads to the one in force', () => {
    const view = pageView({ page: OWN_POLICY, state: states })
    const root = parseHtml(policyPage({ ...view, policy: { ...view.policy, version: 13 } }, assets).body)
    expect(textOf(root)).toContain('An earlier version.')
    expect(byTag(root, 'a').find((link) => textOf(link) === 'The one in force')?.properties.href).toBe('/policies/security')
    expect(textOf(render())).not.toContain('An earlier version.')
  })

  it('advice on wording and contradictions are for drafting: a published page shows neither', () => {
    const view = { ...pageView({ page: OWN_POLICY, state: states }), contradictions: [{ kind: 'Contradiction', why: 'Two answers.', claims: ['t0', 't1'] }] }
    const text = (status: 'preview' | 'published') => textOf(parseHtml(policyPage({ ...view, site: { ...view.site, status } }, assets).body))
    expect(text('preview')).toContain('Two answers.')
    expect(text('published')).not.toContain('Two answers.')
    const claim = view.claims.find((each) => each.state === 'unprovable')!
    const opened = (status: 'preview' | 'published') => textOf(parseHtml(claimPage({ ...claimPageView(view, claim), site: { ...view.site, status } }, assets).body))
    expect(opened('preview')).toContain('AES-256.')
    expect(opened('published')).not.toContain('AES-256.')
  })

  it('a hedge over the whole page is told once, with the count of sentences not offered', () => {
    const view = { ...pageView({ page: OWN_POLICY, state: (index) => (index < 3 ? 'checked' : undefined) }), blanketHedges: ['commercially reasonable efforts'] }
    const text = textOf(parseHtml(policyPage(view, assets).body))
    expect(text.split('commercially reasonable efforts')).toHaveLength(2)
    expect(text).toMatch(/sentences of this page carry no mark/)
  })

  it('what does not hold in the chosen scope is marked so, in words too', () => {
    const root = render({ claim: (index) => (index === 1 ? { scope: 'Enterprise', inScope: false } : {}) })
    const outside = byClass(root, 'out-of-scope')
    expect(outside).toHaveLength(1)
    expect(textOf(outside[0]!)).toContain('Only for Enterprise.')
    expect(textOf(root)).toContain('One statement below does not apply to your choice')
  })

  it('the scope picker is a form that a browser sends by itself, with the choice kept', () => {
    const view = pageView({ page: OWN_POLICY, state: states })
    const root = parseHtml(policyPage({ ...view, scope: { ...view.scope, chosen: 'self-hosted' } }, assets, '/policies/security').body)
    const form = byTag(root, 'form')[0]!
    expect(form.properties).toMatchObject({ method: 'get', action: '/policies/security' })
    expect(byTag(form, 'option').filter((option) => 'selected' in option.properties).map((option) => option.properties.value)).toEqual(['self-hosted'])
    expect(byTag(form, 'button')[0]?.properties.type).toBe('submit')
  })

  it('footnote marks lead to their footnote', () => {
    const root = render()
    const mark = byTag(root, 'sup')[0]!
    expect(byTag(mark, 'a')[0]?.properties.href).toBe('#fn-1')
    expect(textOf(elementsOf(root, (element) => element.properties.id === 'fn-1')[0]!)).toContain('copies that an operator makes')
  })

  it('while details are held back, neither summary nor history of the failing check is anywhere on page or statement', () => {
    const secret = 'Bucket backups-eu-7 is readable by the world'
    const view = pageView({ page: OWN_POLICY, state: (index) => (index === 0 ? 'broken' : undefined), claim: () => ({ heldBackUntil: new Date(AT.getTime() + 3_600_000), note: { cause: secret, mendBy: AT, role: 'Head of Platform', breached: false }, backings: [backingView({ state: 'broken', summary: secret, rows: [{ target: 'backups-eu-7', ticks: ['fails'], held: 0, of: 1 }] })] }) })
    for (const { body } of [policyPage(view, assets), claimPage(claimPageView(view, view.claims[0]!), assets)]) {
      expect(body).not.toContain('backups-eu-7')
      expect(textOf(parseHtml(body))).toContain('not currently confirmed')
      expect(textOf(parseHtml(body))).toContain('Broken')
    }
  })
})

describe('hostile text', () => {
  const KEPT = new Set(['state', 'underlying', 'status', 'kind', 'strength', 'operator', 'vouching', 'relation', 'accent', 'tone'])
  const NASTY = '"><script>alert(1)</script><img src=x onerror=alert(2)> \' & \u202e </style><b style="x">'

  /** The same view with every string that is not from a closed union made hostile. */
  function poison<T>(value: T, key = ''): T {
    if (typeof value === 'string') return (KEPT.has(key) ? value : key === 'href' ? 'javascript:alert(1)//' : key === 'ticks' ? value : `${NASTY}${value}`) as T
    if (Array.isArray(value)) return value.map((each) => poison(each, key)) as T
    if (value instanceof Date || value === null || typeof value !== 'object') return value
    return Object.fromEntries(Object.entries(value).map(([name, each]) => [name, poison(each, name)])) as T
  }

  const ELEMENTS = new Set('html head meta title link script body a header aside span nav p strong code div main footer article h1 h2 h3 h4 h5 h6 section dl dt dd svg circle path ul ol li details summary em blockquote pre hr table caption colgroup col thead tbody tr th td time form label select option button br sup del ins'.split(' '))

  function expectHarmless(body: string): void {
    const root = parseHtml(body)
    const scripts = byTag(root, 'script')
    for (const script of scripts) expect([String(script.properties.src).startsWith('/assets/'), textOf(script)]).toEqual([true, ''])
    for (const element of elementsOf(root)) {
      expect(ELEMENTS).toContain(element.tagName)
      for (const [name, value] of Object.entries(element.properties)) {
        expect(name).not.toMatch(/^on|^style$|^srcDoc$/i)
        if (name === 'href' || name === 'action' || name === 'src') expect(String(value)).toMatch(/^(?:https?:|mailto:|[/#])/)
      }
    }
  }

  it('in every field of every page stays text', () => {
    const view: PageView = poison({
      ...pageView({ page: OWN_POLICY, state: states, site: { status: 'preview' } }),
      blanketHedges: ['x'],
      contradictions: [{ kind: 'Contradiction', why: 'x', claims: ['t0'] }],
    })
    const bodies = [
      policyPage(view, assets).body,
      ...view.claims.map((claim) => claimPage({ ...claimPageView(view, claim), predecessors: [poison({ id: 'x', text: 'x', version: 1, relation: 'split' as const })] }, assets).body),
      versionsPage({ site: view.site, policy: view.policy }, assets).body,
      diffPage(poison({ site: view.site, slug: 'x', title: 'x', from: 1, to: 2, lines: [{ kind: 'changed' as const, before: 'x', after: 'y', weakened: true }, { kind: 'same' as const, after: 'z' }] }), assets).body,
      verifyPage({ site: view.site, slug: NASTY }, assets).body,
      errorPage({ site: view.site, status: 404, title: NASTY, detail: NASTY, mend: NASTY }, assets).body,
    ]
    for (const body of bodies) expectHarmless(body)
    expect(textOf(parseHtml(bodies[0]!))).toContain('<script>alert(1)</script>') // it is shown, as words
  })

  it('markup in the policy itself comes out as nothing or as words', () => {
    const page = '# T\n\nWe keep <script>alert(1)</script><b onclick="x()">logs</b>. See [this](javascript:alert(1)) and [that](//evil.example/x "y"). <style>*{display:none}</style><iframe src="https://evil.example"></iframe>\n\n<img src=x onerror=alert(1)>\n\n- <a href="data:text/html,x">click</a> it.'
    const { body } = policyPage(pageView({ page, state: () => 'checked' }), assets)
    expectHarmless(body)
    expect(body).not.toContain('evil.example')
    expect(body).not.toContain('javascript:')
  })
})
