import { execFileSync } from 'node:child_process'
import { mkdir, mkdtemp, readFile, readdir, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { removeWhole, writeWhole } from './whole-file.ts'

let folder: string
beforeEach(async () => void (folder = await mkdtemp(join(tmpdir(), 'vouchsafe-disk-'))))
afterEach(() => rm(folder, { recursive: true, force: true }))
const mode = async (path: string) => ((await stat(path)).mode & 0o777).toString(8)

it('a file is written in folders that are made for it, closed to others, and no draft is left', async () => {
  const file = join(folder, 'a/b/c')
  expect(await writeWhole(file, 'one')).toBe(true)
  expect(await writeWhole(file, Buffer.from('two'))).toBe(true)
  expect(await readFile(file, 'utf8')).toBe('two')
  expect([await mode(join(folder, 'a')), await mode(join(folder, 'a/b')), await mode(file)]).toEqual(['700', '700', '600'])
  expect(await readdir(join(folder, 'a/b'))).toEqual(['c'])
})

it('only where nothing is, one of many writes it, and what is there stays', async () => {
  const file = join(folder, 'once')
  const wrote = await Promise.all(Array.from({ length: 8 }, (_, n) => writeWhole(file, String(n), { ifAbsent: true, drafts: join(folder, 'drafts') })))
  expect(wrote.filter(Boolean)).toHaveLength(1)
  expect(await readFile(file, 'utf8')).toBe(String(wrote.indexOf(true)))
  expect(await readdir(join(folder, 'drafts'))).toEqual([])
})

it('a write that fails leaves the file as it was, and no draft', async () => {
  await writeFile(join(folder, 'file'), 'old')
  await mkdir(join(folder, 'taken'))
  await expect(writeWhole(join(folder, 'taken'), 'new')).rejects.toThrow()
  await expect(writeWhole(join(folder, 'file/below'), 'new')).rejects.toThrow()
  expect((await readdir(folder)).toSorted()).toEqual(['file', 'taken'])
})

it('a file that is removed takes the drafts of a killed process with it, and no other file', async () => {
  const draft = `key.json.${'0a'.repeat(12)}.new`
  for (const name of ['key.json', draft, `other-${draft}`, 'key.json.backup', 'key.jsonl']) await writeFile(join(folder, name), 'x')
  await removeWhole(join(folder, 'key.json'))
  expect((await readdir(folder)).toSorted()).toEqual(['key.json.backup', 'key.jsonl', `other-${draft}`])
  await removeWhole(join(folder, 'never-there'))
})

it('whoever reads while it is killed again and again finds one whole version', async () => {
  const file = join(folder, 'whole')
  const program = `const { writeWhole } = await import(${JSON.stringify(resolve(import.meta.dirname, 'whole-file.ts'))}); for (;;) for (const letter of 'abc') await writeWhole(${JSON.stringify(file)}, letter.repeat(300000))`
  await writeWhole(file, 'a'.repeat(300_000))
  for (let round = 0; round < 5; round++) {
    expect(() => execFileSync(process.execPath, ['--input-type=module', '-e', program], { timeout: 150 + 40 * round, killSignal: 'SIGKILL', stdio: 'ignore' })).toThrow()
    expect(await readFile(file, 'utf8')).toMatch(/^(a{300000}|b{300000}|c{300000})$/)
  }
})
