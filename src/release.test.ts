import { copyFileSync, cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { readRelease, releaseDigest } from './release.ts'

const release = readRelease()
const folder = mkdtempSync(join(tmpdir(), 'vs-release-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

test('a release names its version, its root, and the same digest for the same files', () => {
  expect(existsSync(join(release.root, 'package.json'))).toBe(true)
  expect(release.version).toBe((JSON.parse(readFileSync(join(release.root, 'package.json'), 'utf8')) as { version: string }).version)
  expect(release.digest).toMatch(/^[0-9a-f]{64}$/)
  expect(readRelease().digest).toBe(release.digest)
  // These tests run from source: a digest that passed over it would be that of the lockfile alone.
  expect(release.digest).toBe(releaseDigest(release.root, 'src'))
  expect(release.digest).not.toBe(releaseDigest(emptyTree(), 'src'))
})

function emptyTree(): string {
  const empty = join(folder, 'empty')
  mkdirSync(empty, { recursive: true })
  copyFileSync(join(release.root, 'package-lock.json'), join(empty, 'package-lock.json'))
  return empty
}

describe.each(['src', 'dist'] as const)('from %s, the digest', (mode) => {
  const tree = join(folder, mode)
  for (const file of [`${mode}/main.${mode === 'src' ? 'ts' : 'js'}`, `${mode}/core/policy/migrations/0001-x.sql`, `${mode}/surfaces/site/page.${mode === 'src' ? 'tsx' : 'js'}`, `packages/verify/${mode}/verify.${mode === 'src' ? 'ts' : 'js'}`, 'packages/verify/dist/browser/button.js', 'packages/verify/schemas/entry.json', 'starter/security.md', 'package-lock.json']) {
    test(`covers ${file}: its text, its name, and that it is there`, () => {
      const at = join(tree, file)
      mkdirSync(dirname(at), { recursive: true })
      cpSync(join(release.root, 'package-lock.json'), join(tree, 'package-lock.json'))
      writeFileSync(at, 'one')
      const digests = new Set([releaseDigest(tree, mode)])
      writeFileSync(at, 'two')
      digests.add(releaseDigest(tree, mode))
      expect(digests.size).toBe(2)
      if (file === 'package-lock.json') return
      renameSync(at, at.replace(/(\.\w+)$/, '-renamed$1'))
      digests.add(releaseDigest(tree, mode))
      rmSync(at.replace(/(\.\w+)$/, '-renamed$1'))
      digests.add(releaseDigest(tree, mode))
      expect(digests.size).toBe(4)
    })
  }

  test('does not change with tests, source maps and type declarations', () => {
    mkdirSync(join(tree, mode), { recursive: true })
    const before = releaseDigest(tree, mode)
    for (const name of ['x.test.ts', 'x.fixture.ts', 'x.trial.js', 'x.js.map', 'x.d.ts', '.vouchsafe-built']) writeFileSync(join(tree, mode, name), 'x')
    expect(releaseDigest(tree, mode)).toBe(before)
    expect(readdirSync(join(tree, mode)).length).toBeGreaterThan(5)
  })
})
