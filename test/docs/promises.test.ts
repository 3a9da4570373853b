import { existsSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, it } from 'vitest'

const root = path.resolve(import.meta.dirname, '../..')
const page = readFileSync(path.join(root, 'docs/promises.md'), 'utf8')
const requirements = path.resolve(root, '../shared/requirements.md')

const numbered = (letter: string, most: number): string[] => Array.from({ length: most }, (_, i) => `${letter}${i + 1}`)
/** The rows of the requirements as they were when this list was written; the file itself is read where it is. */
const IDS = [...numbered('N', 14), ...numbered('T', 16), ...numbered('J', 15), ...numbered('B', 10)]

const rows = page
  .split('\n')
  .filter((line) => /^\| [A-Z]\d+ \|/.test(line))
  .map((line) => {
    const [id = '', promise = '', state = '', where = '', shownBy = '', missing = ''] = line.slice(1, -1).split('|').map((cell) => cell.trim())
    return { id, promise, state, paths: [...where.matchAll(/`([^`]+)`/g)].map((match) => match[1] as string), tests: [...shownBy.matchAll(/`([^`]+)`: “([^”]+)”/g)].map((match) => ({ file: match[1] as string, name: match[2] as string })), shownBy, missing }
  })

/** The names of the tests in a file: what stands in quotes after `it`, `test` and their tables. */
const testNames = (file: string): string[] =>
  [...readFileSync(path.join(root, file), 'utf8').matchAll(/^\s*(?:it|test)\b[^\n]*?\((['"`])((?:\\.|(?!\1).)+)\1/gm)].flatMap((match) => [...(match[0].matchAll(/(['"`])((?:\\.|(?!\1).)+)\1/g))].map((quoted) => (quoted[2] as string).replaceAll(/\\(.)/g, '$1')))

describe('the promises', () => {
  it('have a row for each requirement, once and in order', () => {
    expect(rows.map(({ id }) => id)).toEqual(IDS)
  })

  it.skipIf(!existsSync(requirements))('are those of ../shared/requirements.md (skipped where it is absent)', () => {
    const ids = [...readFileSync(requirements, 'utf8').matchAll(/^\| ([A-Z]\d+) \|/gm)].map((match) => match[1])
    expect(rows.map(({ id }) => id)).toEqual(ids)
  })

  it('name paths that exist', () => {
    const named = rows.flatMap(({ id, paths, tests }) => [...paths, ...tests.map(({ file }) => file)].map((file) => ({ id, file })))
    expect(named.length).toBeGreaterThan(50)
    expect(named.filter(({ file }) => !existsSync(path.join(root, file)))).toEqual([])
  })

  it('name tests that exist', () => {
    const named = rows.flatMap(({ id, tests }) => tests.map((test) => ({ id, ...test })))
    expect(named.length).toBeGreaterThan(30)
    expect(named.filter(({ file, name }) => !testNames(file).some((known) => known === name || known === `$file ${name}`))).toEqual([])
  })

  it('say one of three states, and what is done or in part is shown by a test', () => {
    for (const { id, promise, state, tests, shownBy, missing } of rows) {
      expect(['done', 'part', 'not yet'], id).toContain(state)
      expect(promise.length, id).toBeGreaterThan(10)
      expect(tests.length > 0, `${id} is ${state}`).toBe(state !== 'not yet')
      // A name that the pattern above does not read would pass unseen.
      expect(tests.length, id).toBe(shownBy === '' ? 0 : shownBy.split(' · ').length)
      if (state !== 'done') expect(missing.length, `${id} says what is missing`).toBeGreaterThan(5)
    }
  })

  it('count their rows rightly', () => {
    const count = (state: string): number => rows.filter((row) => row.state === state).length
    expect(page).toContain(`${count('done')} done, ${count('part')} in part, ${count('not yet')} not yet.`)
  })
})
