import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { Settings } from '#core/page'
import { openFakeDoor, type FakeDoor } from './door.fixture.ts'
import { runCommandLine } from './index.ts'
import { fakeTerminal } from './terminal.fixture.ts'

let door: FakeDoor
beforeEach(async () => void (door = await openFakeDoor()))
afterEach(() => door.close())
const settings = async (...args: string[]) => {
  const terminal = fakeTerminal({ env: { VOUCHSAFE_DATA: door.data }, cwd: door.data })
  return { code: await runCommandLine(['settings', ...args], terminal), ...terminal.written }
}
const sent = () => JSON.parse(String(door.asked.at(-1)?.body ?? '{}')) as unknown

test('each value is sent as what its setting is', async () => {
  await settings('name=Example = Ltd', 'hosts= a.example, b.example:8443,', 'contacts=', 'showTargets=false', 'holdBackHours=72', '--as', 'Ada')
  expect(sent()).toEqual({ name: 'Example = Ltd', hosts: ['a.example', 'b.example:8443'], contacts: [], showTargets: false, holdBackHours: 72 })
  expect(door.asked.at(-1)).toMatchObject({ method: 'PATCH', headers: { 'vouchsafe-as': 'Ada' } })
})

test('a value is taken from a file, and what is no such file is refused before anything is sent', async () => {
  const certificate = '-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----'
  writeFileSync(join(door.data, 'tsa.pem'), `${certificate}\n`)
  writeFileSync(join(door.data, 'large'), 'x'.repeat(100_001))
  await settings('timestampUrl=https://tsa.example', 'timestampCertificate=@tsa.pem')
  expect(sent()).toEqual({ timestampUrl: 'https://tsa.example', timestampCertificate: certificate })
  expect(Settings.safeParse(sent()).success).toBe(true)
  for (const wrong of ['timestampCertificate=@not-there', 'timestampCertificate=@.', 'timestampCertificate=@large']) expect(await settings('name=x', wrong), wrong).toMatchObject({ code: 2 })
  expect(door.asked).toHaveLength(1)
})

test('what is no NAME=VALUE is refused', async () => {
  for (const wrong of ['name', '=x', '']) expect(await settings(wrong)).toMatchObject({ code: 2 })
  expect(door.asked).toEqual([])
})

test('the help names every setting but the one that is a document', async () => {
  const { out } = await settings('--help')
  for (const name of Object.keys(Settings.shape).filter((each) => each !== 'calendar')) expect(out, name).toContain(name)
})
