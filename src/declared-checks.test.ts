import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { systemClock } from '#core/clock'
import { checkList } from './check-list.ts'
import { loadDeclaredChecks, secretsIn } from './declared-checks.ts'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'vouchsafe-declared-'))
  mkdirSync(join(folder, 'pushed'))
  mkdirSync(join(folder, 'runner'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

const load = () => loadDeclaredChecks(folder, { allowPrivate: false, allowCommands: false, clock: systemClock, secrets: secretsIn(folder, {}) })
const SENDER = 'a'.repeat(64)
const pushed = (id: string, more = ''): string => `id: ${id}\ntitle: Images are scanned\nmethod: Reports what the scanner found\ncontrols: [daily-scan]\ncadence: 1 day\nsenders: [${SENDER}]\n${more}`
const write = (name: string, text: string): void => writeFileSync(join(folder, name), text)

describe('the folder of declared checks', () => {
  test('that is not there declares nothing', async () => {
    rmSync(folder, { recursive: true })
    expect(await load()).toMatchObject({ checks: [], pushed: new Map() })
  })

  test('holds what other tools push, with what the page will say of it', async () => {
    write('pushed/scanner.yaml', pushed('scanner/images', 'confirmations: 2\n'))
    expect((await load()).pushed.get('scanner/images')).toMatchObject({ kind: 'pushed', cadenceSeconds: 86_400, freshnessSeconds: 172_800, confirmations: 2, maxAttempts: 1, revision: { senders: [SENDER] } })
  })

  test.each([
    ['is no YAML', '{', 'is not YAML'],
    ['names no known control', pushed('scanner/images').replace('daily-scan', 'no-such-control'), 'is no control'],
    ['has an id of another form', pushed('Images'), 'must read <subject>/<noun>'],
    ['has a member that nobody knows', pushed('scanner/images', 'cadense: 1h\n'), 'cadense'],
    ['has no sender', pushed('scanner/images').replace(SENDER, ''), 'senders'],
    ['has a cadence that is no length of time', pushed('scanner/images').replace('1 day', 'often'), 'length of time'],
  ])('with a file that %s stops the start, and names the file', async (_what, text, why) => {
    write('pushed/scanner.yaml', text)
    await expect(load()).rejects.toMatchObject({ code: 'bad-input', message: expect.stringMatching(/^scanner\.yaml/), mend: expect.any(String) })
    await expect(load()).rejects.toThrow(why)
  })

  test('may not say two things under one id, wherever they lie', async () => {
    write('pushed/one.yaml', pushed('scanner/images'))
    write('pushed/two.yaml', pushed('scanner/images', 'confirmations: 5\n'))
    await expect(load()).rejects.toThrow('Two checks are called scanner/images')
    rmSync(join(folder, 'pushed/two.yaml'))
    const { checks, pushed: elsewhere } = await load()
    const builtIn = { definition: { ...elsewhere.get('scanner/images')!, kind: 'built-in' as const }, targets: async () => [], run: async () => Promise.reject(new Error('never run')) }
    expect(checkList(checks, elsewhere.values()).definitions.size).toBe(1)
    expect(() => checkList([...checks, builtIn], elsewhere.values())).toThrow('Two checks are called scanner/images')
  })

  test('is refused where a result could not mean what the page would say', async () => {
    write('pushed/scanner.yaml', pushed('scanner/images', 'freshness: 1h\n'))
    const { pushed: elsewhere } = await load()
    expect(() => checkList([], elsewhere.values())).toThrow('stale between any two runs')
  })
})

describe('a secret', () => {
  test('is read from its file, else from the environment', async () => {
    write('api-token', 'hush\n')
    chmodSync(join(folder, 'api-token'), 0o600)
    const secrets = secretsIn(folder, { VOUCHSAFE_SECRET_API_TOKEN: 'other', VOUCHSAFE_SECRET_FROM_ENV: 'air' })
    expect(await secrets.secret('api-token')).toBe('hush')
    expect(await secrets.secret('from-env')).toBe('air')
    expect(await secrets.secret('none')).toBeUndefined()
  })

  test('that others can read is refused, and not told', async () => {
    write('api-token', 'hush')
    chmodSync(join(folder, 'api-token'), 0o644)
    const refusal = secretsIn(folder, {}).secret('api-token')
    await expect(refusal).rejects.toMatchObject({ code: 'refused', mend: expect.stringContaining('chmod 600') })
    await expect(refusal).rejects.not.toThrow('hush')
  })

  test.each(['../api-token', './../api-token', '../pushed/../api-token'])('is never looked for outside of its folder: %j', async (name) => {
    write('api-token', 'hush')
    chmodSync(join(folder, 'api-token'), 0o600)
    expect(await secretsIn(join(folder, 'pushed'), {}).secret(name)).toBeUndefined()
  })
})
