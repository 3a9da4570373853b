import { describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { readPolicy } from '#core/policy'
import { claimMarkdown, policyMarkdown } from './markdown.ts'
import { STATES } from './mark.tsx'
import { AT, backingView, claimOf, claimPageView, OWN_POLICY, pageView } from './view.fixture.ts'

const view = pageView({ page: OWN_POLICY, state: (index) => STATES[index % STATES.length] })
const frontMatter = (body: string): Record<string, unknown> => parse(/^---\n([^]*?)\s*---\n/.exec(body)?.[1] ?? '') as Record<string, unknown>

describe('the Markdown twin', () => {
  const { body, headers } = policyMarkdown(view)

  it('begins with front matter that says whose states these are, and of when', () => {
    expect(headers['content-type']).toBe('text/markdown; charset=utf-8')
    expect(frontMatter(body)).toMatchObject({
      title: 'How Vouchsafe keeps its promises',
      version: 14,
      status: 'published',
      effective_date: '2026-11-03',
      states_at: '2026-11-14T14:06:30Z',
      statements: view.claims.length,
      states: { checked: view.counts.checked, broken: view.counts.broken, 'not backed': view.counts.unbacked },
      log: { entries: 18_204 },
    })
  })

  it('has the state of each claim after its words, as a link to its evidence, once', () => {
    for (const claim of view.claims) expect(body.split(`https://vouchsafe.example/claims/${claim.id}>)`)).toHaveLength(2)
    expect(body).toContain('Key files are readable by their owner alone.')
    expect(body).toMatch(/checked 2026-11-14T14:02:30Z/)
  })

  it('read back and freed of its states, holds the words of the policy in their order', () => {
    const words = (text: string): string => readPolicy(new TextEncoder().encode(text), { name: 'p.md' }).lines.map((line) => line.text).join(' ').replace(/\s*\([●◐✕?◌○–] [^)]*\)/g, '')
    expect(words(body)).toEqual(words(OWN_POLICY))
  })

  it('a claim without a place is listed at the end', () => {
    const lost = claimOf('broken', { id: 'lost', text: 'Nobody finds *me*.', start: 900_000, end: 900_020 })
    expect(policyMarkdown({ ...view, claims: [...view.claims, lost] }).body).toMatch(/## Statements without a place in the text\n\nNobody finds \\\*me\\\*\. /)
  })

  it('titles cannot break out of the front matter, nor words into markup', () => {
    const title = 'A\n---\nstatus: published\n<script>'
    const nasty = policyMarkdown({ ...view, site: { ...view.site, status: 'preview' }, policy: { ...view.policy, title } })
    expect(frontMatter(nasty.body)).toMatchObject({ title: 'A --- status: published <script>', status: 'preview' })
    const { body: one } = claimMarkdown(claimPageView(view, claimOf('checked', { text: '[x](javascript:alert(1)) <script>' })))
    expect(one).toContain('\\[x\\](javascript:alert(1)) \\<script\\>')
  })
})

describe('one statement as Markdown', () => {
  it('names state, controls, entries and bundle', () => {
    const { body } = claimMarkdown(claimPageView(view, claimOf('checked')))
    expect(frontMatter(body)).toMatchObject({ state: 'checked', controls: [{ id: 'encryption-in-transit' }], bundle: 'https://vouchsafe.example/claims/cchecked/bundle' })
    expect(body).toContain('entry 18177')
  })

  it('holds back the details of a failure as the page does', () => {
    const held = claimOf('broken', { heldBackUntil: new Date(AT.getTime() + 3_600_000), backings: [backingView({ state: 'broken', summary: 'Bucket backups-eu-7 is open' })] })
    const { body } = claimMarkdown(claimPageView(view, held))
    expect(body).not.toContain('backups-eu-7')
    expect(body).toContain('not currently confirmed')
  })
})
