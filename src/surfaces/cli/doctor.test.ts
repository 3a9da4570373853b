import { chmodSync, mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { systemClock } from '#core/clock'
import { KeyRing, openRootKeys } from '#core/keys'
import { openFakeDoor, type FakeDoor } from './door.fixture.ts'
import { runCommandLine } from './index.ts'
import { fakeTerminal } from './terminal.fixture.ts'

let door: FakeDoor
beforeEach(async () => void (door = await openFakeDoor()))
afterEach(() => door.close())
const doctor = async (args: string[] = [], env: Record<string, string> = {}) => {
  const terminal = fakeTerminal({ env: { VOUCHSAFE_DATA: door.data, ...env } })
  const code = await runCommandLine(['doctor', ...args], terminal)
  return { code, out: terminal.written.out, line: (name: string) => terminal.written.out.split('\n').find((line) => line.includes(`  ${name} `)) ?? '' }
}
const checks = (...oks: (boolean | 'unknown')[]) => () => ({ body: { checks: oks.map((ok, n) => ({ name: `check-${n}`, ok, detail: `detail ${n}`, mend: `mend ${n}` })) } })

test('what is good has no mend, what is wrong and what cannot be told have one, each with its own mark', async () => {
  door.answer = checks(true, false, 'unknown')
  const { code, line } = await doctor()
  expect([line('check-0'), line('check-1'), line('check-2')].map((text) => text.replaceAll(/ +/g, ' '))).toEqual(['✓ check-0 detail 0', '✕ check-1 detail 1 → mend 1', '? check-2 detail 2 → mend 2'])
  expect(code).toBe(1)
})

test('nothing wrong, and something that cannot be told, is no fault found: exit code 3', async () => {
  door.answer = checks(true, 'unknown')
  expect((await doctor()).code).toBe(3)
  expect(JSON.parse((await doctor(['--format', 'json'])).out)).toMatchObject({ ok: false })
  door.answer = checks(true)
  expect((await doctor()).code).toBe(0)
})

test('tells of a root key that is open to others, of a rotation that was cut short, and of a service that cannot be asked from here', async () => {
  door.answer = checks(true)
  const folder = join(door.data, 'keys')
  const around = { folder, environment: {}, clock: systemClock }
  expect((await doctor()).line('root key')).toContain('first start')
  await new KeyRing({ folder: join(folder, 'acme'), organisation: 'acme', roots: await openRootKeys(around), clock: systemClock }).create('x')
  expect(await doctor()).toMatchObject({ code: 0, out: expect.stringContaining('local file') })
  chmodSync(join(folder, 'root'), 0o644)
  expect(await doctor()).toMatchObject({ code: 1, out: expect.stringContaining('chmod 600') })
  rmSync(join(folder, 'root'))
  expect(await doctor()).toMatchObject({ code: 1, out: expect.stringContaining('is gone') })
  const register = (value: object) => writeFileSync(join(folder, 'root-keys.json'), JSON.stringify(value), { mode: 0o600 })
  register({ wraps: 'vault:k?address=http://127.0.0.1:1', opens: ['file:root'] })
  expect(await doctor()).toMatchObject({ code: 1, out: expect.stringContaining('rotate-root') })
  register({ wraps: 'vault:k?address=http://127.0.0.1:1', opens: [] })
  expect((await doctor()).line('root key')).toMatch(/^\? .*VAULT_TOKEN/)
  expect((await doctor([], { VAULT_TOKEN: 'hvs.secret' })).line('root key')).toMatch(/^\? .*does not answer/)
  expect((await doctor([], { VAULT_TOKEN: 'hvs.secret' })).out).not.toContain('hvs.secret')
})

test('a folder that is open to everyone is wrong; one that is not there yet is good, however far above it anything is', async () => {
  door.answer = checks(true)
  chmodSync(door.data, 0o707)
  expect((await doctor()).line('data folder')).toMatch(/^✕ .*chmod o-rwx/)
  const { code, line } = await doctor(['--data', join(door.data, 'not/yet/there'), '--port', '0'])
  expect(line('data folder')).toMatch(/^✓/)
  expect(line('disk')).toMatch(/GiB free/)
  expect(code).toBe(1) // nothing runs there
})

test('where nothing runs, it says whether the port is free', async () => {
  const data = join(door.data, 'quiet')
  mkdirSync(data, { mode: 0o700 })
  const taken = createServer()
  await new Promise<void>((listening) => taken.listen(0, '127.0.0.1', listening))
  const { port } = taken.address() as AddressInfo
  expect((await doctor(['--data', data, '--port', String(port)])).line('port')).toMatch(/^✕ .*EADDRINUSE/)
  await new Promise((closed) => taken.close(closed))
  expect((await doctor(['--data', data, '--port', String(port)])).line('port')).toMatch(/^✓/)
})
