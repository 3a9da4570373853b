import { existsSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, it } from 'vitest'
import { readPolicy } from '#core/policy'
import { type Conflict, readClaims, type Reading } from './index.ts'

const read = (text: string): Reading => readClaims(readPolicy(new TextEncoder().encode(text), { name: 'p.md' }))
const kinds = (text: string): string[] => read(text).contradictions.map((found) => found.kind)

describe('what is flagged', () => {
  it.each([
    ['a report beside a preview for non-sensitive data', 'We completed our SOC 2 Type 2 report.\n\nThe product is in beta. We recommend using it only with non-sensitive data.', 'contradiction'],
    ['an attestation called a certification', 'We are SOC 2 Type 2 certified.', 'overclaim'],
    ['a Type 1 report that is to show constancy', 'We achieved a SOC 2 Type 1 report.\n\nThis report assures you that we consistently protect your data.', 'overclaim'],
    ["a provider's certificate told as one's own", 'We are ISO 27001 certified through AWS.', 'overclaim'],
    ["a provider's halls told as one's own", 'Our service is hosted on Google Cloud. Our data centers are ISO 27001 certified.', 'overclaim'],
    ['a retired programme', 'Our provider AWS is accredited under DIACAP.', 'stale'],
    ['deprecated TLS', 'Connections are encrypted using TLS 1.0 or higher.', 'stale'],
    ['everything against an exception', 'All data is encrypted at rest.\n\nSearch indexes are not encrypted at rest.', /contradiction|scope-gap/],
    ['a certificate held and not held', 'We are ISO 27001 certified.\n\nWe do not hold an ISO 27001 certificate.', 'contradiction'],
    ['protection against everything', 'Your data is protected against all threats by our security program.', 'overclaim'],
  ])('%s', (_, text, kind) => expect(kinds(text)).toContainEqual(expect.stringMatching(kind)))

  it('each says why and quotes lines that exist', () => {
    const reading = read('We are SOC 2 Type 1 certified.\n\nThis certification assures you that we consistently protect your data.\n\nThe product is in preview; use it only with non-sensitive data.')
    expect(reading.contradictions.length).toBeGreaterThanOrEqual(3)
    for (const found of reading.contradictions) {
      expect(found.why).toMatch(/\.$/)
      for (const line of [...found.a, ...found.b]) expect(reading.lines[line]).toBeDefined()
    }
  })
})

describe('what only looks contradictory is left alone', () => {
  it.each([
    ['inside and outside traffic', 'Everything between you and us is encrypted in transit with TLS.\n\nWithin our private networks, data may be transferred unencrypted.'],
    ['two kinds of data', 'Any files which you upload are encrypted at rest.\n\nOur application databases are generally not encrypted at rest.'],
    ['hosted and self-hosted', 'All data is encrypted at rest in our cloud.\n\nIn self-hosted installations data is not encrypted at rest.'],
    ['another party', 'We will not take legal action against researchers who act in good faith.\n\nWe cannot bind any third party.'],
    ['another certificate', 'We are ISO 27001 certified.\n\nWe do not hold a FedRAMP authorisation.'],
    ['TLS that is refused', 'TLS 1.2 is required; TLS 1.0 and TLS 1.1 are refused.'],
    ['a promise not to do harm', 'All credit card payments are handled by Stripe.\n\nWe never store card numbers.'],
  ])('%s', (_, text) => expect(kinds(text)).toEqual([]))
})

const policies = path.resolve(import.meta.dirname, '../../../../shared/data/policies')
const seeds = path.resolve(import.meta.dirname, '../../../../shared/seeds')
const pages: Record<string, string> = {
  basecamp: path.join(policies, 'basecamp.md'), flyio: path.join(policies, 'flyio.md'), 'github-safe-harbor': path.join(policies, 'github-safe-harbor.md'),
  neeto: path.join(seeds, 'neeto-security-policy.md'), neo4j: path.join(seeds, 'neo4j-aura-cloud-security.txt'), neon: path.join(seeds, 'neon-security.md'),
}

describe.skipIf(!existsSync(policies))('labelled conflicts (../shared/data/policies)', () => {
  interface Labelled { kind: string; a: { line: number }[]; b: { line: number }[] }
  const meet = (found: Conflict, label: Labelled): boolean => {
    const has = (side: readonly number[], lines: { line: number }[]): boolean => lines.some(({ line }) => side.includes(line - 1))
    return (has(found.a, label.a) && has(found.b, label.b)) || (has(found.a, label.b) && has(found.b, label.a))
  }
  it.each(Object.keys(pages))('%s: nothing apparent is flagged', (slug) => {
    const labels = JSON.parse(readFileSync(path.join(policies, `${slug}.contradictions.json`), 'utf8')) as Labelled[]
    const found = readClaims(readPolicy(readFileSync(pages[slug] as string), { name: pages[slug] as string })).contradictions
    for (const label of labels.filter(({ kind }) => kind === 'apparent')) expect(found.filter((entry) => meet(entry, label))).toEqual([])
  })
  it('at least four in five of the others are', () => {
    let labelled = 0
    let hit = 0
    for (const [slug, file] of Object.entries(pages)) {
      const found = readClaims(readPolicy(readFileSync(file), { name: file })).contradictions
      for (const label of JSON.parse(readFileSync(path.join(policies, `${slug}.contradictions.json`), 'utf8')) as Labelled[]) {
        if (label.kind === 'apparent') continue
        labelled++
        if (found.some((entry) => entry.kind === label.kind && meet(entry, label))) hit++
      }
    }
    expect(hit / labelled).toBeGreaterThanOrEqual(0.8)
  })
})
