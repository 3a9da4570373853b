import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startTemporaryServer, type TemporaryServer } from '../../src/core/database/index.ts'
import { startKeyServices, vaultToken } from '../servers/key-services.ts'
import { s3Keys, startS3 } from '../servers/s3.ts'
import { makePlace, openHere, vouchsafe, type Place, type RunningHere } from './installation.ts'

const ENVIRONMENT = { AWS_ACCESS_KEY_ID: s3Keys.id, AWS_SECRET_ACCESS_KEY: s3Keys.secret, VAULT_TOKEN: vaultToken }

describe('an installation whose database, objects and root key are elsewhere', () => {
  let database: TemporaryServer
  let s3: Awaited<ReturnType<typeof startS3>>
  let services: Awaited<ReturnType<typeof startKeyServices>>
  let place: Place
  let where: { databaseUrl: string; objectsUrl: string; rootKey: string }
  let here: RunningHere | undefined
  const before = { ...process.env }

  /** Starts it, and does not wait for all of its checks. */
  const open = async (more: { rootKey?: string } = {}): Promise<RunningHere> => {
    const enough = new AbortController()
    return openHere(place, { ...where, ...more, signal: enough.signal, bar: () => enough.abort() })
  }
  const close = async (): Promise<void> => {
    await here?.installation.stop()
    here = undefined
  }
  const status = async () => (await here!.operator('/api/v1/log')).json<{ origin: string; size: number }>()

  beforeAll(async () => {
    Object.assign(process.env, ENVIRONMENT)
    database = await startTemporaryServer({ durable: true })
    s3 = await startS3('bucket')
    services = await startKeyServices('')
    place = await makePlace('elsewhere')
    const { host, user, password } = database.server.admin as { host: string; user: string; password: string }
    where = {
      databaseUrl: `postgresql://${user}:${encodeURIComponent(password)}@localhost/postgres?host=${encodeURIComponent(host)}`,
      objectsUrl: `s3://bucket/vouchsafe?region=${s3Keys.region}&endpoint=${encodeURIComponent(s3.endpoint)}`,
      rootKey: `vault:vouchsafe?address=${encodeURIComponent(services.url)}`,
    }
    here = await open()
  })
  afterAll(async () => {
    await close()
    await services.stop()
    await s3.stop()
    await database.stop()
    place.remove()
    for (const name of Object.keys(ENVIRONMENT)) delete process.env[name]
    Object.assign(process.env, before)
  })

  test('keeps no root key and no object in its data folder', async () => {
    expect((await status()).size).toBeGreaterThan(0)
    expect(readdirSync(join(place.data, 'keys'))).not.toContain('root')
    expect(readFileSync(join(place.data, 'keys/root-keys.json'), 'utf8')).not.toContain(vaultToken)
    expect(existsSync(join(place.data, 'objects'))).toBe(false)
    expect([...s3.objects.keys()].every((key) => key.startsWith('vouchsafe/'))).toBe(true)
  })

  test('does not rotate its root key while it runs', async () => {
    expect(await vouchsafe(place, ['key', 'rotate-root', '--to', 'file:root'])).toMatchObject({ code: 1, err: expect.stringContaining('is in use') })
    expect(readdirSync(join(place.data, 'keys'))).not.toContain('root')
  })

  test('each change names the request that brought it, in the audit and in its answer', async () => {
    const asked = await here!.operator('/api/v1/settings', { method: 'PATCH', body: { name: 'Example Ltd' }, headers: { 'x-request-id': 'mine', 'vouchsafe-as': 'Ada' } })
    const id = asked.headers['x-request-id']
    expect(id).toMatch(/^[0-9a-f-]{36}$/)
    const { items } = (await here!.operator('/api/v1/audit?action=settings.change')).json<{ items: { requestId: string | null; actor: string }[] }>()
    expect(items[0]).toMatchObject({ requestId: id, actor: 'operator:Ada' })
  })

  test('begins a successor of its log, there and nowhere else', async () => {
    const old = await status()
    await close()
    const reason = ['log', 'succeed', '--reason', 'restored from an old copy', '--format', 'json']
    const lost = await vouchsafe(place, reason)
    expect(lost).toMatchObject({ code: 1, err: expect.stringContaining('--database-url') })
    expect(existsSync(join(place.data, 'database'))).toBe(false)
    const succeeded = await vouchsafe(place, [...reason, '--objects-url', where.objectsUrl], { env: { VOUCHSAFE_DATABASE_URL: where.databaseUrl } })
    expect(succeeded).toMatchObject({ code: 0 })
    const { origin, predecessor } = JSON.parse(succeeded.out) as { origin: string; predecessor: { origin: string } }
    expect(predecessor.origin).toBe(old.origin)
    expect(existsSync(join(place.data, 'objects'))).toBe(false)
    // The guard in the object store knows it as well.
    expect([...s3.objects.values()].some((bytes) => String(bytes).trim() === origin)).toBe(true)
    here = await open()
    expect((await status()).origin).toBe(origin)
    await close()
  })

  test('rotates its root key into a file, by command, and starts with it alone', async () => {
    const done = await vouchsafe(place, ['key', 'rotate-root', '--to', 'file:root'], { env: ENVIRONMENT })
    expect(done).toMatchObject({ code: 0, out: expect.stringMatching(/^\d+ keys were wrapped anew/) })
    services.down = true
    await expect(open()).rejects.toMatchObject({ code: 'refused', mend: expect.stringContaining('rotate-root') })
    const { rootKey: _vault, ...rest } = where
    where = rest as typeof where
    here = await open()
    expect((await status()).size).toBeGreaterThan(0)
  })
})
