import { existsSync, readFileSync } from 'node:fs'
import { beforeAll, afterAll, describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { requireSound, type Check } from '#core/check'
import { controlById, isControlId, type ControlId } from '#core/control'
import { readPolicy } from '#core/policy'
import { startBench, type Bench } from './installation/bench.fixture.ts'
import { assembleModules, moduleMigrations } from './index.ts'

interface Listed {
  text: string
  controls: ControlId[]
  strength?: 'definite' | 'hedged' | 'negative'
  checks?: string[]
}

const folder = new URL('../../starter/', import.meta.url)
const policy = readPolicy(readFileSync(new URL('security.md', folder)), { name: 'security.md' })
const claims = parse(readFileSync(new URL('claims.yaml', folder), 'utf8')) as Listed[]

let bench: Bench
let checks: ReadonlyMap<string, Check>
beforeAll(async () => {
  bench = await startBench(moduleMigrations)
  const { modules } = assembleModules({ ...bench.parts, signer: { publicKey: new Uint8Array(32), sign: () => new Uint8Array(64) }, allowPrivate: false, otherContracts: [], otherReactions: [] })
  checks = new Map(modules.flatMap((module) => module.checks).map((check) => [check.definition.id, check]))
})
afterAll(() => bench?.stop())

describe('the starter policy', () => {
  it('has between 36 and 50 claims over at least ten families of controls', () => {
    expect(claims.length).toBeGreaterThanOrEqual(36)
    expect(claims.length).toBeLessThanOrEqual(50)
    const families = new Set(claims.flatMap(({ controls }) => controls.map((control) => controlById(control).family)))
    expect(families.size).toBeGreaterThanOrEqual(10)
  })

  it('every listed sentence stands in it exactly once, word for word', () => {
    for (const { text } of claims) expect(policy.lines.filter((line) => line.text === text && line.kind !== 'heading'), text).toHaveLength(1)
  })

  it('every control is known, and every check exists and speaks to a control of its claim', () => {
    for (const { text, controls, checks: named = [] } of claims) {
      expect(controls.length, text).toBeGreaterThan(0)
      for (const control of controls) expect(isControlId(control), control).toBe(true)
      for (const id of named) expect(checks.get(id)?.definition.controls.some((control) => controls.includes(control)), `${id} for: ${text}`).toBe(true)
    }
  })

  it('a claim that names checks has each of its controls covered by one of them', () => {
    for (const { text, controls, checks: named = [] } of claims) {
      if (named.length === 0) continue
      const covered = named.flatMap((id) => checks.get(id)?.definition.controls ?? [])
      expect(controls.filter((control) => !covered.includes(control)), text).toEqual([])
    }
  })

  it('a negative claim rests on checks that could find the opposite', () => {
    for (const { strength, checks: named = [], text } of claims) {
      if (strength === 'negative') expect(named.every((id) => checks.get(id)?.definition.canContradict), text).toBe(true)
    }
  })

  it('most of it is really looked at, and every check of the installation backs a sentence', () => {
    expect(claims.filter(({ checks: named = [] }) => named.length > 0).length / claims.length).toBeGreaterThan(0.8)
    const used = new Set(claims.flatMap(({ checks: named = [] }) => named))
    expect([...checks.keys()].filter((id) => id.startsWith('installation/') && !used.has(id))).toEqual([])
  })
})

describe('every check of the modules', () => {
  it('has a sound definition, an id of its own, known controls, and a cadence from five minutes to a day', () => {
    expect(checks.size).toBeGreaterThan(60)
    for (const { definition } of checks.values()) {
      requireSound(definition)
      expect(definition.controls.every(isControlId)).toBe(true)
      expect(definition.cadenceSeconds).toBeGreaterThanOrEqual(300)
      expect(definition.cadenceSeconds).toBeLessThanOrEqual(86_400)
      expect(definition.title).not.toMatch(/\.$/)
    }
  })

  it('gives its targets and a usable result before the listener is open, and none throws', async () => {
    for (const check of checks.values()) {
      expect(Array.isArray(await check.targets())).toBe(true)
      const result = await check.run({ at: new Date(), attempt: 1, signal: new AbortController().signal })
      expect(['holds', 'fails', 'unknown'], check.definition.id).toContain(result.verdict)
      expect(result.summary.length, check.definition.id).toBeGreaterThan(5)
    }
  })

  it('a module has its README', () => {
    for (const name of ['installation', 'domain']) expect(existsSync(new URL(`./${name}/README.md`, import.meta.url))).toBe(true)
  })
})
