import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Hono } from 'hono'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { CONSOLE_POLICY, mountConsole } from './console-files.ts'
import { problemOf, problemResponse } from './problem.ts'

let folder: string
const app = new Hono()
app.onError((error) => problemResponse(problemOf(error)))
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'vs-console-'))
  mountConsole(app, folder)
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

describe('the console', () => {
  test('that was not built says so, and what to do; built meanwhile, it is there', async () => {
    const missing = await app.request('/console/')
    expect(missing.status).toBe(503)
    expect(await missing.text()).toContain('npm run build')
    mkdirSync(join(folder, 'assets'))
    writeFileSync(join(folder, 'index.html'), '<!doctype html><title>x</title>')
    writeFileSync(join(folder, 'assets/main-abc123.js'), 'export {}')
    writeFileSync(join(folder, 'manifest.json'), '{}')
    expect((await app.request('/console/')).status).toBe(200)
  })

  test('gives its index for every address of its own, under a policy that runs nothing but its files', async () => {
    for (const path of ['/console', '/console/', '/console/people', '/console/people/x/y']) {
      const { status, headers } = await app.request(path)
      expect([status, headers.get('content-type'), headers.get('cache-control')], path).toEqual([200, 'text/html; charset=utf-8', 'no-cache'])
      expect(headers.get('content-security-policy')).toBe(CONSOLE_POLICY)
    }
    expect(CONSOLE_POLICY).not.toContain('unsafe')
    for (const directive of ["default-src 'none'", "script-src 'self'", "frame-ancestors 'none'", "base-uri 'none'", "require-trusted-types-for 'script'"]) expect(CONSOLE_POLICY).toContain(directive)
  })

  test('keeps what is named by a digest for ever, and gives no file that is not its own', async () => {
    expect((await app.request('/console/assets/main-abc123.js')).headers.get('cache-control')).toBe('public, max-age=31536000, immutable')
    for (const path of ['/console/assets/gone.js', '/console/manifest.json', '/console/../package.json', '/console/%2e%2e/package.json', '/console/assets/', '/console/..%2fpackage.json']) {
      const answer = await app.request(path)
      expect(answer.status, path).toBe(404)
    }
  })
})
