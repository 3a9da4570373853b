import { existsSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, it } from 'vitest'
import { isVouchsafeError } from '#core/errors'
import { CONTROLS, CONTROL_FAMILIES, controlById, isControlId, parseControlId } from './index.ts'

const repoRoot = path.resolve(import.meta.dirname, '../../..')
const published = path.resolve(repoRoot, '../shared/controls.md')

describe('the control catalogue', () => {
  it('gives each control one id, one title and one row', () => {
    expect(new Set(CONTROLS.map(({ id }) => id)).size).toBe(CONTROLS.length)
    expect(new Set(CONTROLS.map(({ title }) => title)).size).toBe(CONTROLS.length)
    for (const { id, title } of CONTROLS) {
      expect(id).toMatch(/^[a-z]+(-[a-z]+)*$/u)
      expect(title, id).not.toMatch(/\.$/u)
    }
  })

  it('finds each control by its id', () => {
    for (const control of CONTROLS) expect(controlById(control.id)).toBe(control)
  })

  it('takes no word of JavaScript for a control', () => {
    for (const word of ['constructor', '__proto__', 'toString', '', 'Encryption-in-transit', 7, null, undefined]) {
      expect(isControlId(word)).toBe(false)
    }
    expect(isControlId('encryption-in-transit')).toBe(true)
  })

  it('names the nearest ids when a control is misspelt', () => {
    try {
      parseControlId('encryption-at-transit')
      expect.unreachable()
    } catch (error) {
      if (!isVouchsafeError(error, 'bad-input')) throw error
      expect(error.mend).toContain('encryption-in-transit')
    }
    expect(() => parseControlId({ id: 'x'.repeat(10_000) })).toThrow(/is not a control/u)
    expect(parseControlId('patch-sla')).toBe('patch-sla')
  })
})

describe.skipIf(!existsSync(published))('against the published catalogue (skipped where ../shared is absent)', () => {
  it('has the same ids, families and automation, in the same order', () => {
    const expected: { id: string; family: string; automation: string }[] = []
    let family = ''
    for (const line of readFileSync(published, 'utf8').split('\n')) {
      const heading = /^\| \*\*(?<family>[^*]+)\*\* \|/u.exec(line)
      const row = /^\| (?<id>[a-z-]+) \| .+ \| (?<automation>[ADH]) \|$/u.exec(line)
      if (heading?.groups?.['family']) family = heading.groups['family']
      else if (row?.groups) expected.push({ id: row.groups['id'] ?? '', family, automation: row.groups['automation'] ?? '' })
    }
    expect(expected.length).toBeGreaterThan(100)
    expect(CONTROLS.map(({ id, family: f, automation }) => ({ id, family: f, automation }))).toEqual(expected)
    expect(CONTROL_FAMILIES).toEqual([...new Set(expected.map((row) => row.family))])
  })
})
