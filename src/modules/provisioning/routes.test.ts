import { afterAll, beforeAll, expect, test } from 'vitest'
import type { z } from 'zod'
import type { TemporaryServer } from '#core/database'
import type { Actor } from '#core/module'
import { accessOf, type Access, type Rule } from '#core/permission'
import { provisioning } from './contract.ts'
import { EVERYTHING, removeFolders, standForProvisioning, startTemporaryServer, type ProvisioningStand } from './provisioning.fixture.ts'

let server: TemporaryServer
let stand: ProvisioningStand
beforeAll(async () => {
  server = await startTemporaryServer()
  stand = await standForProvisioning(server)
})
afterAll(async () => {
  await server?.stop()
  removeFolders()
})

const OPERATOR: Actor = { kind: 'operator', name: 'test' }
const expiresAt = '2026-12-22T00:00:00Z'

/** Parses, calls and parses again, as the surface does; permits and step-up are the surface's own tests. */
async function call<R = Record<string, unknown>>(on: string, { params = {}, body, access = EVERYTHING }: { params?: Record<string, string>; body?: unknown; access?: Access } = {}): Promise<R> {
  const route = stand.module.routes.find((one) => one.on === on)
  if (route === undefined) throw new Error(`no route ${on}`)
  const reply = await route.handle({ params, query: {}, body: route.body === undefined ? undefined : (route.body as z.ZodType).parse(body), actor: OPERATOR, access, at: stand.clock.now() } as never)
  return route.reply.parse(reply.body) as R
}

const only = (...rules: Rule[]): Access =>
  accessOf(
    rules.map((rule) => ({ rule, role: { id: 'r', title: 'R' }, through: { kind: 'person', id: 'p' } })),
    { id: 'p', kind: 'person' },
    provisioning.records,
  )

test('a directory is connected, looked at, given another token, changed and disconnected', async () => {
  const issued = await call<{ directory: string; address: string; token: string; tokenId: string }>('POST /directories', { body: { title: ' Okta ', expiresAt } })
  expect(issued).toMatchObject({ address: 'https://security.example.com/scim/v2', token: expect.stringMatching(/^vs_/) })
  const params = { directory: issued.directory }
  const shown = await call('GET /directories/{directory}', { params })
  expect(shown).toMatchObject({ title: 'Okta', managedBy: issued.directory, adoptsInvited: false, people: 0, groups: 0, refusals: [], tokens: [{ id: issued.tokenId }] })
  expect(JSON.stringify(shown)).not.toContain(issued.token)
  const second = await call<{ tokenId: string }>('POST /directories/{directory}/tokens', { params, body: { expiresAt, networks: ['203.0.113.0/24'] } })
  await call('DELETE /directories/{directory}/tokens/{token}', { params: { ...params, token: issued.tokenId } })
  expect(await call('GET /directories/{directory}', { params })).toMatchObject({ tokens: [{ id: second.tokenId, networks: ['203.0.113.0/24'] }] })
  expect(await call('PATCH /directories/{directory}', { params, body: { title: 'Okta of Harbour', adoptsInvited: true } })).toMatchObject({ title: 'Okta of Harbour', adoptsInvited: true })
  expect(await call<{ items: object[] }>('GET /directories')).toMatchObject({ items: [{ id: issued.directory, people: 0 }] })
  await call('DELETE /directories/{directory}', { params })
  expect(await call('GET /directories/{directory}', { params })).toMatchObject({ endedAt: expect.any(String), tokens: [] })
  await expect(call('POST /directories/{directory}/tokens', { params, body: { expiresAt } })).rejects.toMatchObject({ code: 'conflict' })
  expect(await stand.audit()).not.toContain(issued.token)
})

test('a provider has one directory, and another once that is disconnected', async () => {
  const body = { title: 'One', provider: 'provider-1', expiresAt }
  const { directory } = await call<{ directory: string }>('POST /directories', { body })
  await expect(call('POST /directories', { body })).rejects.toMatchObject({ code: 'conflict' })
  await call('DELETE /directories/{directory}', { params: { directory } })
  await call('POST /directories', { body })
})

test('where the token cannot be made nothing that could be called is left', async () => {
  const count = async () => (await call<{ items: { endedAt?: string }[] }>('GET /directories')).items.filter(({ endedAt }) => endedAt === undefined).length
  const before = await count()
  await expect(call('POST /directories', { body: { title: 'Late', expiresAt: '2020-01-01T00:00:00Z' } })).rejects.toMatchObject({ code: 'bad-input' })
  await expect(call('POST /directories', { body: { title: 'Above', expiresAt }, access: only({ effect: 'allow', verb: 'find', record: 'directory' }, { effect: 'allow', verb: 'write', record: 'directory' }) })).rejects.toMatchObject({ code: 'bad-input' })
  expect(await count()).toBe(before)
})

test('what may not be read is not shown, and what may not be written is refused', async () => {
  const { directory } = await call<{ directory: string }>('POST /directories', { body: { title: 'Seen', expiresAt } })
  const find: Rule = { effect: 'allow', verb: 'find', record: 'directory', when: { equal: [{ field: 'id' }, { value: directory }] } }
  const access = only(find, { effect: 'allow', verb: 'read', record: 'directory', names: ['title'] })
  expect(await call('GET /directories', { access })).toEqual({ items: [{ id: directory, title: 'Seen' }], next: null })
  expect(await call('GET /directories/{directory}', { params: { directory }, access })).toEqual({ id: directory, title: 'Seen' })
  await expect(call('PATCH /directories/{directory}', { params: { directory }, body: { adoptsInvited: true }, access })).rejects.toMatchObject({ code: 'bad-input' })
  await expect(call('POST /directories', { body: { title: 'x', expiresAt }, access })).rejects.toMatchObject({ code: 'bad-input' })
})

test('a service account that is deactivated by whatever way ends its directory', async () => {
  const { directory } = await stand.connect()
  await stand.people.deactivate(directory.serviceAccount as never, { by: { kind: 'operator', name: 'test' }, way: 'cli' })
  expect(await stand.directories.ofServiceAccount(directory.serviceAccount)).toBeUndefined()
  expect((await stand.directories.find(directory.id))?.endedAt).toBeInstanceOf(Date)
})
