import { expect, test } from 'vitest'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { readRelease } from './release.ts'

test('a release names its version, its root, and the same digest for the same files', () => {
  const release = readRelease()
  expect(existsSync(join(release.root, 'package.json'))).toBe(true)
  expect(release.version).toBe((JSON.parse(readFileSync(join(release.root, 'package.json'), 'utf8')) as { version: string }).version)
  expect(release.digest).toMatch(/^[0-9a-f]{64}$/)
  expect(readRelease().digest).toBe(release.digest)
})
