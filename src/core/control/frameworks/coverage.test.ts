import { existsSync, readFileSync } from 'node:fs'
import path from 'node:path'
import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { CONTROLS, FRAMEWORKS, controlsOf, coverage, requirementsOf } from '../index.ts'
import type { FrameworkId } from '../index.ts'
import { defineFramework } from './framework.ts'

const repoRoot = path.resolve(import.meta.dirname, '../../../..')
const lists = path.resolve(repoRoot, '../shared/data/frameworks')

describe('frameworks', () => {
  it('list each requirement once', () => {
    for (const { id, requirements } of FRAMEWORKS) {
      expect(new Set(requirements.map((row) => row.id)).size, id).toBe(requirements.length)
      expect(new Set(requirements.map((row) => row.title)).size, id).toBe(requirements.length)
    }
  })

  it('have the size that their publishers state', () => {
    const size = (id: FrameworkId) => FRAMEWORKS.find((framework) => framework.id === id)?.requirements.length
    expect(size('soc2')).toBe(61)
    expect(size('iso27001')).toBe(93)
    expect(size('nist-csf')).toBe(106)
  })

  it('are cited the way people cite them', () => {
    const labels = requirementsOf('encryption-in-transit').map(({ label }) => label)
    expect(labels).toEqual(expect.arrayContaining(['SOC 2 CC6.7', 'ISO 27001 A.8.24', 'NIST CSF PR.DS-02', 'GDPR Art. 32', 'CCPA 1798.100(e)']))
  })

  it('agree in both directions', () => {
    for (const { id: framework, requirements } of FRAMEWORKS) {
      for (const { id } of requirements) {
        for (const control of controlsOf(framework, id)) {
          expect(requirementsOf(control).some((row) => row.framework === framework && row.id === id), `${control} ${id}`).toBe(true)
        }
      }
    }
    const down = CONTROLS.flatMap(({ id }) => requirementsOf(id).map((row) => `${row.framework} ${row.id} ${id}`))
    const up = FRAMEWORKS.flatMap(({ id, requirements }) => requirements.flatMap((row) => controlsOf(id, row.id).map((control) => `${id} ${row.id} ${control}`)))
    expect(down.toSorted()).toEqual(up.toSorted())
    expect(new Set(down).size).toBe(down.length)
  })

  it('do not compile with a control or a requirement that does not exist', () => {
    const tiny = { id: 'tiny', name: 'Tiny', label: 'Tiny', requirements: { 'T.1': 'One' } } as const
    // @ts-expect-error a misspelt requirement
    defineFramework({ ...tiny, mapping: { 'patch-sla': ['T.2'] } })
    // @ts-expect-error a misspelt control
    defineFramework({ ...tiny, mapping: { 'patch-slo': ['T.1'] } })
    expect(defineFramework({ ...tiny, mapping: { 'patch-sla': ['T.1'] } }).byControl.get('patch-sla')).toEqual(['T.1'])
  })

  it('have no control of security that no framework asks for', () => {
    // Ways of paying finders and of naming them are courtesies: only the one CSF row on disclosure speaks of them.
    for (const { id } of CONTROLS) expect(requirementsOf(id).length, id).toBeGreaterThan(0)
  })
})

describe('coverage', () => {
  const controlIds = fc.subarray(CONTROLS.map(({ id }) => id))
  const frameworkIds = fc.constantFrom(...FRAMEWORKS.map(({ id }) => id))

  it('splits a framework into covered and gaps with nothing lost or counted twice', () => {
    fc.assert(
      fc.property(frameworkIds, controlIds, (framework, held) => {
        const { covered, gaps } = coverage(framework, held)
        const all = FRAMEWORKS.find(({ id }) => id === framework)?.requirements.map(({ id }) => id) ?? []
        expect([...covered, ...gaps].map(({ id }) => id).toSorted()).toEqual(all.toSorted())
        for (const row of covered) for (const id of row.controls) expect(held).toContain(id)
        for (const row of gaps) for (const id of row.wouldHelp) expect(held).not.toContain(id)
      }),
      { numRuns: 60 },
    )
  })

  it('never shrinks when a control is added', () => {
    fc.assert(
      fc.property(frameworkIds, controlIds, fc.constantFrom(...CONTROLS.map(({ id }) => id)), (framework, held, more) => {
        const before = coverage(framework, held).covered.map(({ id }) => id)
        const after = new Set(coverage(framework, [...held, more]).covered.map(({ id }) => id))
        expect(before.every((id) => after.has(id))).toBe(true)
      }),
      { numRuns: 60 },
    )
  })

  it('with no control at all is all gaps, and says what would help', () => {
    const { covered, gaps } = coverage('soc2', [])
    expect(covered).toEqual([])
    expect(gaps.find(({ id }) => id === 'CC6.7')?.wouldHelp).toContain('encryption-in-transit')
    // Nothing here can speak for a board.
    expect(gaps.find(({ id }) => id === 'CC1.2')?.wouldHelp).toEqual([])
  })

  it('refuses a framework or a requirement that is not listed', () => {
    expect(() => coverage('constructor', [])).toThrow(/not a framework/u)
    expect(() => controlsOf('soc2', 'A.8.24')).toThrow(/no requirement "A\.8\.24"/u)
  })
})

describe.skipIf(!existsSync(lists))('against the published lists of ids (skipped where ../shared is absent)', () => {
  const published = (file: string): { id: string; level?: string }[] => JSON.parse(readFileSync(path.join(lists, file), 'utf8')).controls
  const ours = (id: FrameworkId) => FRAMEWORKS.find((framework) => framework.id === id)?.requirements.map((row) => row.id) ?? []

  it('SOC 2 and Annex A are complete, in order', () => {
    expect(ours('soc2')).toEqual(published('soc2-tsc.json').map(({ id }) => id))
    expect(ours('iso27001')).toEqual(published('iso27001-2022-annex-a.json').map(({ id }) => id))
  })

  it('the CSF has every subcategory, in order', () => {
    expect(ours('nist-csf')).toEqual(published('nist-csf-2.0.json').filter(({ level }) => level === 'subcategory').map(({ id }) => id))
  })

  it('no article of the GDPR or section of the CCPA that others list is missing', () => {
    for (const { id } of published('gdpr.json')) expect(ours('gdpr')).toContain(id)
    for (const { id } of published('ccpa.json')) expect(ours('ccpa')).toContain(id)
  })

  it('no title of a standard is repeated from its list', () => {
    const titles = new Map(published('iso27001-2022-annex-a.json').map((row) => [row.id, (row as { title?: string }).title ?? '']))
    const same = FRAMEWORKS.find(({ id }) => id === 'iso27001')?.requirements.filter((row) => titles.get(row.id)?.toLowerCase() === row.title.toLowerCase())
    expect(same).toEqual([])
  })
})
