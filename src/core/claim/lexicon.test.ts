import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { readPolicy } from '#core/policy'
import { type Proposal, readClaims } from './index.ts'
import { SPECIMENS } from './specimens.ts'

const read = (text: string, name = 'p.md'): Proposal[] => readClaims(readPolicy(new TextEncoder().encode(text), { name })).lines
const one = (text: string): Proposal => read(text)[0] as Proposal

describe('sentences of our own invention', () => {
  it('there are enough of them to mean something', () => {
    expect(SPECIMENS.length).toBeGreaterThanOrEqual(120)
    expect(SPECIMENS.filter((specimen) => !specimen.claim).length).toBeGreaterThanOrEqual(15)
    expect(new Set(SPECIMENS.map((specimen) => specimen.text)).size).toBe(SPECIMENS.length)
  })

  it('at least 95 in 100 are filed as a careful reader would', () => {
    const wrong = SPECIMENS.filter((specimen) => {
      const line = one(specimen.text)
      return line.claim !== specimen.claim || (specimen.claim && (line.controls[0] !== specimen.controls[0] || line.strength !== specimen.strength))
    })
    expect(wrong.length / SPECIMENS.length, wrong.map((specimen) => specimen.text).join('\n')).toBeLessThanOrEqual(0.05)
  })
})

describe('near misses do not bind', () => {
  it.each([
    ['Hosts are scanned for vulnerabilities every quarter.', 'daily-scan'],
    ['A failover replica is kept in a second zone.', 'backup-daily'],
    ['Databases are backed up every week.', 'backup-daily'],
    ['AWS is certified to ISO 27001 and SOC 2.', 'certification-stated'],
    ['Our internal audit team checks our controls every quarter.', 'independent-audit'],
    ['Audit logs are kept for a year.', 'independent-audit'],
    ['Report a vulnerability at https://example.test/report.', 'encryption-in-transit'],
    ['Payments are handled by Stripe, which is PCI DSS Level 1 certified.', 'certification-stated'],
    ['Admins can assign roles to members of a workspace.', 'access-role-based'],
    ['Patches are prioritized based on risk.', 'risk-assessed'],
    ['We notify the supervisory authority of a breach within 72 hours.', 'incident-notification'],
    ['Our people sign in with hardware security keys.', 'customer-mfa'],
    ['Company laptops use full disk encryption.', 'encryption-at-rest'],
  ])('%s is no %s', (text, control) => expect(one(text).controls).not.toContain(control))

  it('an address for reports is a claim, and its scheme promises no encryption', () => {
    expect(one('Report a vulnerability at https://example.test/report.')).toMatchObject({ claim: true, controls: ['disclosure-channel'] })
  })

  it('a near miss says what it was taken for and why it is not', () => {
    expect(one('Containers are scanned hourly for malware, and a quarterly vulnerability scan covers the hosts.').reasons).toContainEqual(
      expect.objectContaining({ about: 'near-miss', control: 'daily-scan', words: 'quarterly', why: expect.stringContaining('no daily scan') }))
  })
})

describe('strength', () => {
  it.each([
    ['We do not store credit card numbers.', 'definite'],
    ['We never sell your data.', 'definite'],
    ['No customer can read the data of another.', 'definite'],
    ['Passwords are never stored in plain text; they are hashed with bcrypt.', 'definite'],
    ['We do not hold an ISO 27001 certificate.', 'negative'],
    ['Backups are not encrypted.', 'negative'],
    ['We do not pay bounties.', 'negative'],
    ['There is no uptime guarantee for the free plan.', 'negative'],
    ['Backups are encrypted where available.', 'hedged'],
    ['We may notify customers of incidents.', 'hedged'],
    ['We strive to patch critical vulnerabilities within a week.', 'hedged'],
    ['Customers may enable two-factor authentication.', 'definite'],
    ['Employees who may access production are background checked.', 'definite'],
    ['We plan to obtain a SOC 2 report.', 'hedged'],
    ['Where possible, we do not encrypt backups.', 'negative'], // of mixed wordings the weakest wins
  ])('%s is %s', (text, strength) => {
    expect(one(text).claim).toBe(true)
    expect(one(text).strength).toBe(strength)
  })
})

describe('reading with what stands around', () => {
  it('list items mean what stem and item say together', () => {
    const lines = read("Amazon's data centers have been accredited under:\n\n- SOC 1 and SOC 2\n- FISMA\n")
    expect(lines.map((line) => line.controls[0])).toEqual(['provider-compliance', 'provider-compliance', 'provider-compliance'])
  })
  it('a cell is read with its column and row', () => {
    const lines = read('## Remediation\n\n| Severity | Patched within |\n|---|---|\n| Critical | 24 hours |\n')
    expect(lines.at(-1)).toMatchObject({ kind: 'table-cell', claim: true, controls: ['patch-sla'], stem: 'Critical: Patched within' })
  })
  it('rules for readers are no claims, and the address among them is', () => {
    const lines = read('If you find a vulnerability, please proceed as follows:\n\n- Do not exploit the vulnerability.\n- Report it to security@example.test.\n')
    expect(lines.map((line) => line.claim)).toEqual([false, false, true])
  })
  it('"No." denies what the question above asks', () => {
    expect(read('## Are you SOC 2 certified?\n\nNo.\n').at(-1)).toMatchObject({ claim: true, strength: 'negative', controls: ['certification-stated'] })
  })
  it('a footnote limits the sentences that carry its mark, and is no claim', () => {
    const lines = read('Cloud\n\nIsolation1\n\nEach instance runs in its own VPC.\n\nEncryption\n\nAll data is encrypted at rest.\n\n1Applies to the Enterprise plan', 'p.txt')
    expect(lines.find((line) => line.text.startsWith('Each'))?.scope).toBe('Enterprise plan')
    expect(lines.find((line) => line.text.startsWith('All'))?.scope).toBeUndefined()
    expect(lines.at(-1)?.claim).toBe(false)
  })
  it.each([
    ['SAML single sign-on is available on the Enterprise plan.', /Enterprise/],
    ['For some attachments, we use Amazon S3 in the us-east-1 region.', /attachments/],
    ['Customers in the EU can choose to store their data in Frankfurt.', undefined],
    ['All customer data is encrypted at rest.', undefined],
  ])('scope of: %s', (text, scope) => (scope ? expect(one(text).scope).toMatch(scope) : undefined))
  it('equal sentences get one proposal each', () => {
    const lines = read('## A\n\nBackups are encrypted.\n\n## B\n\nBackups are encrypted.\n').filter((line) => line.claim)
    expect(lines.map((line) => line.section)).toEqual([['A'], ['B']])
  })
  it('one hedge at the top is reported once and leaves the lines their own strength', () => {
    const reading = readClaims(readPolicy(new TextEncoder().encode('We use commercially reasonable efforts to maintain the security measures listed below.\n\n## Backups\n\nWe back up all data daily.\n\nBackups are always encrypted.\n')))
    expect(reading.blanketHedges).toEqual([{ line: 0, until: 3, words: 'commercially reasonable' }])
    expect(reading.lines.filter((line) => line.claim).map((line) => line.strength)).toEqual(['hedged', 'definite', 'definite'])
    expect(reading.contradictions.filter((found) => found.kind === 'blanket-hedge')).toHaveLength(1)
  })
  it('every proposal says why', () => {
    for (const { text } of SPECIMENS.slice(0, 60)) expect(one(text).reasons.length, text).toBeGreaterThan(0)
    expect(one('Neeto backs up production systems and data daily.').reasons).toContainEqual(expect.objectContaining({ about: 'control', control: 'backup-daily', words: expect.arrayContaining(['daily']) }))
  })
})

describe('hostile pages', () => {
  it('a sentence of 20,000 words is one line, read by its beginning', () => {
    const lines = read(`We encrypt all customer data at rest, ${'data and '.repeat(20_000)} so on, and backups are taken daily.`)
    expect(lines).toHaveLength(1)
    expect(lines[0]?.controls).toEqual(['encryption-at-rest'])
  })
  it('the lexicon holds no company of the labelled pages', () => {
    for (const file of ['governance', 'hosting', 'protection', 'workforce', 'engineering', 'operations', 'trust', 'terms'])
      expect(readFileSync(new URL(`./lexicon/${file}.ts`, import.meta.url), 'utf8')).not.toMatch(/neon|neeto|neo4j|basecamp|fly\.io|37signals/i)
  })
})
