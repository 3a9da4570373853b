import { expect, test, vi } from 'vitest'
import { VouchsafeError } from '#core/errors'
import { healthOf, readinessOf, type HealthParts } from './health.ts'

vi.mock('#core/check', () => ({ latestRuns: async () => [['good', 'holds'], ['bad', 'fails'], ['open', 'unknown']].map(([name, verdict]) => ({ checkId: `installation/${name}`, verdict, summary: `${name} summary` })) }))

const parts = (more: { up?: boolean; halted?: VouchsafeError } = {}) =>
  ({
    db: { appPool: { query: async () => { if (more.up === false) throw new Error('gone') } } },
    log: { halted: more.halted, size: async () => 7 },
    major: 18,
    ownChecks: ['installation/good', 'installation/bad', 'installation/open', 'installation/never'],
  }) as unknown as HealthParts

test('what could not be told is neither good nor wrong, and whatever is not good says what to do', async () => {
  const findings = await healthOf(parts())
  expect(findings.map(({ name, ok }) => [name, ok])).toEqual([['database', true], ['log', true], ['installation/good', true], ['installation/bad', false], ['installation/open', 'unknown'], ['installation/never', 'unknown']])
  for (const finding of findings) expect(finding.mend !== undefined, finding.name).toBe(finding.ok !== true)
})

test('a database that is away and a log that has halted are wrong, say why, and are not ready', async () => {
  const halted = new VouchsafeError('refused', 'Signing would fork the log.', { mend: 'Put the newer copy back.' })
  const findings = await healthOf(parts({ up: false, halted }))
  expect(findings.slice(0, 2)).toMatchObject([{ ok: false, mend: expect.any(String) }, { ok: false, detail: halted.message, mend: halted.mend }])
  expect(await readinessOf(parts())).toEqual({ ok: true, parts: { database: true, log: true } })
  expect(await readinessOf(parts({ up: false }))).toEqual({ ok: false, parts: { database: false, log: true } })
  expect(await readinessOf(parts({ halted }))).toEqual({ ok: false, parts: { database: true, log: false } })
})
