import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { accentedAssets, schemaFiles } from './site-files.ts'

const folder = mkdtempSync(join(tmpdir(), 'vs-schemas-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

test('a schema is served by its name alone: no path leads out of the folder, and nothing put there later is served', () => {
  writeFileSync(join(folder, 'statement.json'), '{}')
  const schema = schemaFiles(folder)
  expect(String(schema('statement.json'))).toBe('{}')
  symlinkSync('/etc/passwd', join(folder, 'later.json'))
  for (const name of ['', '.', '..', '../statement.json', './statement.json', '/etc/passwd', 'statement.json/', 'later.json', '__proto__', 'toString']) expect(schema(name), name).toBeUndefined()
  expect(schemaFiles(join(folder, 'none'))('statement.json')).toBeUndefined()
})

test('the stylesheet is made anew when the accent changes, under another address, and not otherwise', async () => {
  let accent: string | undefined
  const assets = await accentedAssets(async () => accent)
  const first = assets.current()
  await assets.refresh()
  expect(assets.current()).toBe(first)
  accent = '#0c6b5b'
  await assets.refresh()
  const accented = assets.current()
  expect(JSON.stringify(accented)).not.toBe(JSON.stringify(first))
  accent = undefined
  await assets.refresh()
  expect(JSON.stringify(assets.current())).toBe(JSON.stringify(first))
})
