import { chmodSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { dataFolder, operatorClient } from './client.ts'
import { openFakeDoor, type FakeDoor } from './door.fixture.ts'
import { exitCodeOf } from './exit.ts'

let door: FakeDoor
beforeEach(async () => void (door = await openFakeDoor()))
afterEach(() => door.close())
const failure = (sent: Promise<unknown>): Promise<unknown> => sent.then(() => undefined, (error: unknown) => error)

test('a request carries the token, who acts, and its body, to the socket alone', async () => {
  door.answer = () => ({ body: { made: true } })
  expect(await operatorClient(door.data, 'Ada Example').send('PATCH', '/settings', { name: 'Ü' })).toEqual({ made: true })
  expect(door.asked[0]).toMatchObject({ method: 'PATCH', path: '/api/v1/settings', headers: { authorization: 'Bearer right', 'vouchsafe-as': 'Ada Example', 'content-type': 'application/json' } })
  expect(JSON.parse(String(door.asked[0]?.body))).toEqual({ name: 'Ü' })
  door.answer = () => ({ status: 204, text: '' })
  expect(await operatorClient(door.data).send('DELETE', '/keys/x')).toBeUndefined()
  expect(door.asked[1]?.headers).not.toHaveProperty('vouchsafe-as')
})

test('a name in any script is sent as its bytes in UTF-8', async () => {
  for (const name of ['Łukasz Żółć', '山田 太郎', 'Ü']) {
    await operatorClient(door.data, name).get('/x')
    expect(Buffer.from(String(door.asked.at(-1)?.headers['vouchsafe-as']), 'latin1').toString('utf8')).toBe(name)
  }
})

test.each([
  ['not-found', 404, 2],
  ['refused', 409, 1],
  ['unavailable', 503, 3],
  // Over HTTP alone, or of a newer server: never exit code 0 for what failed.
  ['misdirected', 421, 2],
  ['no-such-problem-yet', 500, 3],
  ['constructor', 400, 2],
])('the problem %s (%i) ends with %i, in its own words', async (name, status, code) => {
  door.answer = () => ({ status, body: { type: `urn:vouchsafe:problem:${name}`, title: 'x', status, detail: 'It failed.', mend: 'Mend it.' } })
  const error = await failure(operatorClient(door.data).get('/x'))
  expect(error).toMatchObject({ message: 'It failed.', mend: 'Mend it.' })
  expect(exitCodeOf(error)).toBe(code)
})

test.each([
  ['no JSON in a good answer', { text: '<html>' }],
  ['no JSON in a bad answer', { status: 502, text: 'Bad gateway' }],
  ['JSON that is no problem', { status: 500, text: '[]' }],
  ['an answer that is cut', { cut: true as const }],
])('%s is an error, and ends neither well nor the process', async (_what, answer) => {
  door.answer = () => answer
  expect(exitCodeOf(await failure(operatorClient(door.data).get('/x')))).toBe(3)
})

test('a socket that nobody serves any more is told as "not running"', async () => {
  const data = door.data
  const client = operatorClient(data)
  await door.close()
  expect(await failure(client.get('/x'))).toMatchObject({ code: 'unavailable', message: `No installation runs on ${data}.` })
  door = await openFakeDoor()
})

test('a token that others can read, or that is missing, is not used', () => {
  chmodSync(join(door.data, 'operator/token'), 0o640)
  expect(() => operatorClient(door.data)).toThrow(expect.objectContaining({ code: 'refused', mend: expect.stringContaining('chmod 600') }))
  rmSync(join(door.data, 'operator/token'))
  expect(() => operatorClient(door.data)).toThrow(expect.objectContaining({ code: 'unavailable' }))
  writeFileSync(join(door.data, 'operator/token'), 'right', { mode: 0o600 })
  expect(() => operatorClient(door.data)).not.toThrow()
})

test('the data folder is the one named, else that of the environment, else that of the release', () => {
  const terminal = { cwd: '/work', env: { VOUCHSAFE_DATA: '/env' } }
  expect(dataFolder('here', terminal)).toBe('/work/here')
  expect(dataFolder(undefined, terminal)).toBe('/env')
  expect(dataFolder(undefined, { cwd: '/elsewhere', env: {} })).toMatch(/\/data$/)
})
