import { readFileSync } from 'node:fs'
import path from 'node:path'
import { expect, it } from 'vitest'
import { accentColours } from '../../src/surfaces/site/accent.ts'
import { colourStyle } from '../../src/surfaces/site/style/colour.ts'

it('the console has the colours of the public page, light and dark', () => {
  const site = colourStyle(accentColours())
  const scheme = (text: string): Map<string, string> => new Map([...text.matchAll(/--([\w-]+):(#[0-9a-f]+)/g)].map(([, name = '', value = '']) => [name, value]))
  const [light, dark] = [scheme(site.slice(0, site.indexOf('@media'))), scheme(site.slice(site.indexOf('@media')))]
  const own = new Map([...readFileSync(path.join(import.meta.dirname, 'colour.css'), 'utf8').matchAll(/--([\w-]+): light-dark\((#[0-9a-f]+), (#[0-9a-f]+)\)/g)].map(([, name = '', ...values]) => [name, values]))
  expect(light.size).toBeGreaterThan(8)
  for (const [name, value] of light) expect([name, own.get(name)]).toEqual([name, [value, dark.get(name)]])
})
