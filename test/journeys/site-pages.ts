import { existsSync, readFileSync } from 'node:fs'
import path from 'node:path'
import type { ClaimState } from '@vouchsafe/verify'
import { claimMarkdown, claimPage, diffPage, loadAssets, policyMarkdown, policyPage, type Rendered, type SiteAssets, type PageView, verifyPage, versionsPage } from '../../src/surfaces/site/index.ts'
import { claimPageView, OWN_POLICY, pageView, type Sample } from '../../src/surfaces/site/view.fixture.ts'

const CYCLE: readonly (ClaimState | undefined)[] = ['checked', 'checked', 'attested', 'unprovable', 'checked', undefined, 'broken', 'unknown', 'stale', 'unbacked', 'checked']
const cycle: Sample['state'] = (index) => CYCLE[index % CYCLE.length]

const SEEDS = path.resolve(import.meta.dirname, '../../../shared/seeds')
export const seedsPresent = existsSync(SEEDS)

/** A seed page with its states going round. */
export function seedView(name: string, rest: Partial<Sample> = {}): PageView {
  return pageView({ page: readFileSync(path.join(SEEDS, name), 'utf8'), name, state: cycle, ...rest })
}

export function ownView(rest: Partial<Sample> = {}): PageView {
  return pageView({ page: OWN_POLICY, state: cycle, ...rest })
}

export interface Pages {
  assets: SiteAssets
  pages: Map<string, Rendered>
  view: PageView
}

/** Every page of the site, made of one view. */
export function pagesOf(view: PageView, accent?: string): Pages {
  const assets = loadAssets(accent === undefined ? {} : { accent })
  const pages = new Map<string, Rendered>([
    ['/', policyPage(view, assets)],
    ['/policies/security', policyPage(view, assets, '/policies/security')],
    ['/policies/security.md', policyMarkdown(view)],
    ['/policies/security/versions', versionsPage({ site: view.site, policy: view.policy }, assets)],
    ['/policies/security/versions/13..14', diffPage({
      site: view.site,
      slug: 'security',
      title: view.policy.title,
      from: 13,
      to: 14,
      lines: [
        { kind: 'same', before: 'Data in transit is encrypted.', after: 'Data in transit is encrypted.' },
        { kind: 'same', before: 'Keys are kept apart.', after: 'Keys are kept apart.' },
        { kind: 'changed', before: 'Backups are restored and checked every week.', after: 'Backups are restored and checked where reasonable.', weakened: true },
        { kind: 'added', after: 'The log is append-only.' },
        { kind: 'removed', before: 'We answer within one day.' },
        { kind: 'same', before: 'Wrapped keys live apart from the data.', after: 'Wrapped keys live apart from the data.' },
      ],
    }, assets)],
    ['/verify', verifyPage({ site: view.site, slug: 'security' }, assets)],
  ])
  for (const claim of view.claims) {
    const claimView = { ...claimPageView(view, claim), predecessors: [{ id: 'old', text: 'Data is encrypted in transit.', version: 13, relation: 'reworded' as const }] }
    pages.set(`/claims/${claim.id}`, claimPage(claimView, assets))
    pages.set(`/claims/${claim.id}.md`, claimMarkdown(claimView))
  }
  return { assets, pages, view }
}
