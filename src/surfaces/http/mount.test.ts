import { Hono } from 'hono'
import { beforeEach, expect, test } from 'vitest'
import { z } from 'zod'
import { defineContract, routesOf, type Actor } from '#core/module'
import { FULL_ACCESS, NO_ACCESS } from '#core/permission'
import { cookieText, mount } from './mount.ts'

const contract = defineContract({ id: 'tried', title: 'Tried', needs: [], tables: {}, permissions: { 'thing.change': 'x', 'evidence.read': 'x' }, events: {} })
const route = routesOf(contract)
const client = { address: '127.0.0.1', cookies: {}, origin: 'http://localhost' }
const kept: string[] = []
const told: string[] = []
let actor: Actor = { kind: 'anyone' }
const app = new Hono()
const reply = z.object({ ok: z.boolean() })
const handle = async () => ({ body: { ok: true } })
mount(
  app,
  [
    {
      contract,
      routes: [
        route({ on: 'POST /things', permit: 'thing.change', summary: 'x', reply, handle }),
        route({ on: 'POST /disclosure', permit: 'evidence.read', summary: 'x', reply, handle }),
        route({ on: 'POST /observations', permit: 'anyone', summary: 'x', reply, handle }),
      ],
    },
  ],
  { clock: { now: () => new Date(0) }, identify: async () => ({ actor, access: actor.kind === 'operator' ? FULL_ACCESS : NO_ACCESS, client }), idempotency: { once: async ({ address }, answer) => (kept.push(address), answer()) }, changed: (record) => void told.push(record), requireOver: async () => {} },
)
beforeEach(() => void kept.splice(0))
const post = (path: string) => app.request(`http://x/api/v1${path}`, { method: 'POST', headers: { 'idempotency-key': 'k-12345678' } })

test('what the query asks is part of the request that an answer is kept for', async () => {
  actor = { kind: 'operator', name: 'Ada Example' }
  for (const path of ['/things?save=false', '/things?save=true']) expect((await post(path)).status).toBe(200)
  expect(new Set(kept).size).toBe(2)
})

test('nothing is kept for strangers, and no answer that may hold evidence', async () => {
  actor = { kind: 'operator', name: 'Ada Example' }
  expect((await post('/disclosure')).status).toBe(200)
  actor = { kind: 'anyone' }
  expect((await post('/observations')).status).toBe(200)
  expect(kept).toEqual([])
})

test('a cookie is bound to this host, over TLS, for every path; what cannot be one is a defect of ours', () => {
  expect(cookieText({ name: 'session', value: 'abc', maxAgeSeconds: 60 })).toBe('__Host-session=abc; Path=/; Secure; HttpOnly; SameSite=Lax; Max-Age=60')
  expect(cookieText({ name: 'session', value: '', sameSite: 'Strict' })).toBe('__Host-session=; Path=/; Secure; HttpOnly; SameSite=Strict; Max-Age=0')
  for (const value of ['a;b', 'a b', 'a\r\nset-cookie: x', '"a"']) expect(() => cookieText({ name: 'session', value }), value).toThrow()
})

test('who is told about the record: a route without events tells that something of its type changed, whatever came of it', async () => {
  actor = { kind: 'operator', name: 'Ada Example' }
  told.splice(0)
  await post('/things')
  await post('/observations')
  expect(told).toEqual(['thing'])
})
