import { describe, expect, it } from 'vitest'
import { canonicalJson } from '../canonical.ts'
import { formatProbe } from './listing.ts'
import { PROBES } from './probes.ts'
import { quoted } from './report.ts'

describe('the report', () => {
  it('has a line a check and a count', () => {
    const text = formatProbe([
      { id: 'hsts', control: 'encryption-in-transit', verdict: 'holds', summary: 'HSTS for 365 days', observation: {} },
      { id: 'tls-versions', control: 'encryption-in-transit', verdict: 'fails', summary: 'TLS 1.0 is accepted; switch it off', observation: {} },
    ])
    expect(text).toBe('holds    hsts          HSTS for 365 days\nFAILS    tls-versions  TLS 1.0 is accepted; switch it off\n\n1 hold, 1 fail, 0 unknown')
  })

  it('lets no terminal escape of a stranger through', () => {
    const text = formatProbe([{ id: 'x', control: 'y', verdict: 'fails', summary: 'evil \u001b[2J\u202e\nholds  all', observation: {} }])
    expect(text.split('\n')[0]).toBe('FAILS    x  evil ?[2J??holds  all')
  })

  it('what is quoted has a canonical form, whatever it was', () => {
    for (const text of ['\ud800', 'a'.repeat(299) + '😀', '\u0000']) expect(() => canonicalJson(quoted(text))).not.toThrow()
  })

  it('ids are unique, and every check names a control', () => {
    expect(new Set(PROBES.map((probe) => probe.id)).size).toBe(PROBES.length)
    for (const probe of PROBES) expect(probe.control).toMatch(/^[a-z-]+$/)
  })
})
