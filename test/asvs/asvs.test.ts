import { existsSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { z } from 'zod'

const root = path.resolve(import.meta.dirname, '../..')
const standard = path.resolve(root, '../shared/data/asvs/asvs-5.0.0-en.flat.json')

const Row = z.strictObject({
  id: z.string().regex(/^V(6|7|8|9|10)\.\d+\.\d+$/),
  level: z.number().int().min(1).max(3),
  state: z.enum(['met', 'part', 'not-yet', 'not-applicable']),
  how: z.string().min(10).max(300).optional(),
  reason: z.string().min(10).max(300).optional(),
  where: z.array(z.string()).default([]),
  tests: z.array(z.string()).default([]),
})
const read = z.strictObject({ standard: z.string(), rows: z.array(Row) }).parse(parse(readFileSync(path.join(root, 'asvs.yaml'), 'utf8')))
const { rows } = read

/** A test's name as it is written: the first text of `it(…)`, `test(…)`, or of the call that follows a table of cases. */
const NAME = /(?:\b(?:it|test)(?:\.\w+)?|\]\)|\.(?:each|for|skipIf|runIf)\([^()\n]*\)|>\([^()\n]*\))\(\s*(['"`])((?:\\[\s\S]|(?!\1)[\s\S])*?)\1/g
const known = new Map<string, ReadonlySet<string>>()
/** Names of the tests in a file; those that are skipped by name, or stand in a comment, are none. */
function testsIn(file: string): ReadonlySet<string> {
  const before = known.get(file)
  if (before !== undefined) return before
  const text = existsSync(path.join(root, file)) ? readFileSync(path.join(root, file), 'utf8').replaceAll(/^\s*(?:\/\/|\*|\/\*).*$/gm, '').replaceAll(/\b(?:it|test)\.(?:skip|todo)\(/g, 'none(') : ''
  const names = new Set([...text.matchAll(NAME)].map(([, , name = '']) => name.replaceAll(/\\(['"`])/g, '$1')))
  known.set(file, names)
  return names
}

const split = (test: string): { file: string; name: string } => {
  const at = test.indexOf(' › ')
  return { file: test.slice(0, at), name: test.slice(at + 3) }
}

describe('asvs.yaml', () => {
  it('has each row once, in the order of the standard', () => {
    const place = (id: string): number => id.slice(1).split('.').reduce((sum, part) => sum * 1000 + Number(part), 0)
    const ids = rows.map(({ id }) => id)
    expect(new Set(ids).size).toBe(ids.length)
    expect(ids).toEqual(ids.toSorted((a, b) => place(a) - place(b)))
    expect(ids.length).toBeGreaterThan(100)
  })

  it('says met of nothing without a file, a test and a sentence', () => {
    for (const { id, state, how, where, tests } of rows) if (state === 'met') expect({ id, how: how !== undefined, where: where.length > 0, tests: tests.length > 0 }).toEqual({ id, how: true, where: true, tests: true })
  })

  it('gives a reason for whatever is not met, and for nothing else; what holds in part has its tests too', () => {
    for (const { id, state, reason, how, tests } of rows) {
      expect({ id, reason: reason !== undefined }).toEqual({ id, reason: state !== 'met' })
      if (state === 'part') expect({ id, how: how !== undefined, tests: tests.length > 0 }).toEqual({ id, how: true, tests: true })
      if (state === 'not-applicable' || state === 'not-yet') expect({ id, tests }).toEqual({ id, tests: [] })
    }
  })

  it('leaves only level 3 for later', () => {
    expect(rows.filter(({ state, level }) => state === 'not-yet' && level < 3).map(({ id }) => id)).toEqual([])
  })

  it('names files that there are', () => {
    const missing = rows.flatMap(({ id, where }) => where.filter((file) => !existsSync(path.join(root, file))).map((file) => `${id}: ${file}`))
    expect(missing).toEqual([])
  })

  it('names tests that there are', () => {
    const missing = rows.flatMap(({ id, tests }) => tests.filter((test) => !testsIn(split(test).file).has(split(test).name)).map((test) => `${id}: ${test}`))
    expect(missing).toEqual([])
  })

  it('would find a test that is not there, that is skipped, or that is only spoken of', () => {
    expect(testsIn('test/asvs/asvs.test.ts').has('names tests that there are')).toBe(true)
    // it('is only spoken of', () => {})
    for (const name of ['is only spoken of', 'is skipped', 'was never there']) expect(testsIn('test/asvs/asvs.test.ts').has(name), name).toBe(false)
    expect(testsIn('test/asvs/nowhere.test.ts').size).toBe(0)
  })

  describe.skipIf(!existsSync(standard))(`beside the standard itself${existsSync(standard) ? '' : ' (needs ../shared/data/asvs)'}`, () => {
    const Requirement = z.object({ req_id: z.string(), L: z.string(), req_description: z.string() })
    const requirements = existsSync(standard) ? z.object({ requirements: z.array(Requirement) }).parse(JSON.parse(readFileSync(standard, 'utf8'))).requirements : []

    it('has every row of V6 to V10, at its level, and no other', () => {
      const due = requirements.filter(({ req_id }) => /^V(6|7|8|9|10)\./.test(req_id)).map(({ req_id, L }) => `${req_id} level ${L}`)
      expect(due.length).toBeGreaterThan(100)
      expect(rows.map(({ id, level }) => `${id} level ${level}`).toSorted()).toEqual(due.toSorted())
    })

    it('says it in words of its own', () => {
      const RUN = 7
      const words = (text: string): string[] => text.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? []
      const runs = (text: string): string[] => words(text).flatMap((_, at, all) => (at + RUN <= all.length ? [all.slice(at, at + RUN).join(' ')] : []))
      const theirs = new Set(requirements.flatMap(({ req_description }) => runs(req_description)))
      expect(theirs.size).toBeGreaterThan(1000)
      expect(rows.flatMap(({ id, how = '', reason = '' }) => runs(`${how} ${reason}`).filter((run) => theirs.has(run)).map((run) => `${id}: ${run}`))).toEqual([])
    })
  })
})
