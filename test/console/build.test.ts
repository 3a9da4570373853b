import { spawnSync } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { gzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'

const root = path.resolve(import.meta.dirname, '../..')
const MOST_BYTES = 200_000

interface Chunk {
  file: string
  isEntry?: boolean
  imports?: string[]
}

describe('the built console', () => {
  let folder: string
  let html: string
  let manifest: Record<string, Chunk>
  beforeAll(() => {
    folder = mkdtempSync(path.join(os.tmpdir(), 'vs-console-'))
    const { status, stderr } = spawnSync(process.execPath, ['node_modules/vite/bin/vite.js', 'build', '--config', 'console/vite.config.ts', '--outDir', folder, '--emptyOutDir'], { cwd: root, encoding: 'utf8' })
    if (status !== 0) throw new Error(stderr)
    html = readFileSync(path.join(folder, 'index.html'), 'utf8')
    manifest = JSON.parse(readFileSync(path.join(folder, 'manifest.json'), 'utf8')) as Record<string, Chunk>
  })
  afterAll(() => rmSync(folder, { recursive: true, force: true }))

  /** Everything that the entry asks for before anything can be seen. */
  function first(): Set<string> {
    const found = new Set<string>()
    const visit = (key: string): void => {
      const chunk = manifest[key]
      if (chunk === undefined || found.has(chunk.file)) return
      found.add(chunk.file)
      for (const other of chunk.imports ?? []) visit(other)
    }
    for (const [key, chunk] of Object.entries(manifest)) if (chunk.isEntry) visit(key)
    return found
  }

  it('at most 200 KB of compressed script come with the first load', () => {
    const files = [...first(), 'scheme.js']
    const bytes = files.reduce((sum, file) => sum + gzipSync(readFileSync(path.join(folder, file))).length, 0)
    expect(files.length).toBeGreaterThan(1)
    expect(bytes).toBeLessThan(MOST_BYTES)
  })

  it('each screen is a file of its own, and none comes with the first load', () => {
    const screens = Object.entries(manifest).filter(([key]) => /^(?!node_modules|_).*\.tsx$/.test(key) && key !== 'main.tsx').map(([, chunk]) => chunk.file)
    expect(screens.length).toBeGreaterThan(10)
    const loaded = first()
    expect(screens.filter((file) => loaded.has(file))).toEqual([])
  })

  it('the page holds no script or style of its own, and names nothing from elsewhere', () => {
    expect(html).not.toMatch(/<style|style=|\son\w+=/)
    for (const [, attributes, text] of html.matchAll(/<script([^>]*)>([^]*?)<\/script>/g)) {
      expect(attributes).toMatch(/src="\/console\//)
      expect(text).toBe('')
    }
    for (const [, address] of html.matchAll(/(?:src|href)="([^"]+)"/g)) expect(address).toMatch(/^\//)
  })

  it('no file reaches for eval, or sets markup from text', () => {
    for (const file of readdirSync(path.join(folder, 'assets')).filter((name) => name.endsWith('.js'))) {
      const text = readFileSync(path.join(folder, 'assets', file), 'utf8')
      expect(text).not.toMatch(/\bnew Function\(|[^.\w]eval\(|document\.write\(|insertAdjacentHTML/)
    }
  })
})
