import { execFileSync } from 'node:child_process'
import { truncateSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { LARGEST_PAGE_BYTES } from '#core/policy'
import { openFakeDoor, type FakeDoor } from './door.fixture.ts'
import { runCommandLine } from './index.ts'
import { fakeTerminal } from './terminal.fixture.ts'

const PAGE = '# Security\n\nWe encrypt all data at rest.\n'
let door: FakeDoor
beforeEach(async () => void (door = await openFakeDoor()))
afterEach(() => door.close())
const run = async (args: string[], stdin = '') => {
  const terminal = fakeTerminal({ env: { VOUCHSAFE_DATA: door.data }, cwd: door.data, stdin: async () => Buffer.from(stdin) })
  return { code: await runCommandLine(['import', ...args], terminal), ...terminal.written }
}

test('a page is only read, unless it is to be saved', async () => {
  writeFileSync(join(door.data, 'page.md'), PAGE)
  expect(await run(['page.md'])).toMatchObject({ code: 0, out: expect.stringContaining('We encrypt all data at rest.') })
  expect(door.asked).toEqual([])
})

test('what is saved is the page to the last byte, under its name, and as whom', async () => {
  const bytes = Buffer.concat([Buffer.from('\ufeff# Sécurité\r\n\r\n'), Buffer.from('We encrypt.\n')])
  writeFileSync(join(door.data, 'page & more.md'), bytes)
  door.answer = () => ({ body: { version: { slug: 'security', number: 3, title: 'x' }, fresh: true } })
  expect(await run(['page & more.md', '--save', '--slug', 'our security', '--as', 'Ada'])).toMatchObject({ code: 0, err: expect.stringContaining('security, version 3') })
  const [sent] = door.asked
  expect(sent?.body.equals(bytes)).toBe(true)
  const query = new URL(`http://x${sent?.path}`).searchParams
  expect(Object.fromEntries(query)).toEqual({ save: 'true', name: 'page & more.md', slug: 'our security' })
  expect(sent?.headers['vouchsafe-as']).toBe('Ada')
  door.answer = () => ({ body: { version: { slug: 'security', number: 3, title: 'x' }, fresh: false } })
  expect((await run(['-', '--save'], PAGE)).err).toContain('has the same bytes')
})

test('a page that is refused where it is to be saved ends with that, not with 0', async () => {
  door.answer = () => ({ status: 422, body: { type: 'urn:vouchsafe:problem:bad-input', title: 'x', status: 422, detail: 'It has no title.' } })
  expect(await run(['-', '--save'], PAGE)).toMatchObject({ code: 2, err: expect.stringContaining('It has no title.') })
})

test('a page that is too large is refused, from a file before it is read, and from the input', async () => {
  writeFileSync(join(door.data, 'large.md'), '')
  truncateSync(join(door.data, 'large.md'), LARGEST_PAGE_BYTES + 1)
  expect(await run(['large.md'])).toMatchObject({ code: 2, out: '' })
  expect(await run(['-'], 'x '.repeat(LARGEST_PAGE_BYTES / 2 + 1))).toMatchObject({ code: 2, out: '' })
})

test.skipIf(process.platform === 'win32')('what never ends is no page', async () => {
  execFileSync('mkfifo', [join(door.data, 'pipe')])
  for (const name of ['pipe', '/dev/zero', '.']) expect(await run([name]), name).toMatchObject({ code: 2 })
})

test('an address in a private network is called only where that is allowed', async () => {
  let called = 0
  const server = createServer((_request, response) => {
    called++
    response.setHeader('content-type', 'text/markdown').end(PAGE)
  })
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening))
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/page.md`
  expect((await run([url])).code).not.toBe(0)
  expect(called).toBe(0)
  expect(await run([url, '--allow-private'])).toMatchObject({ code: 0, out: expect.stringContaining('We encrypt') })
  await new Promise((closed) => server.close(closed))
})
