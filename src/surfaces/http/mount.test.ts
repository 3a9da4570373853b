import { Hono } from 'hono'
import { beforeEach, expect, test } from 'vitest'
import { z } from 'zod'
import { defineContract, routesOf, type Actor } from '#core/module'
import { FULL_ACCESS, NO_ACCESS } from '#core/permission'
import { mount } from './mount.ts'

const contract = defineContract({ id: 'tried', title: 'Tried', needs: [], tables: {}, permissions: { 'thing.change': 'x', 'evidence.read': 'x' }, events: {} })
const route = routesOf(contract)
const client = { address: '127.0.0.1', cookies: {}, origin: 'http://localhost' }
const kept: string[] = []
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
  { clock: { now: () => new Date(0) }, identify: async () => ({ actor, access: actor.kind === 'operator' ? FULL_ACCESS : NO_ACCESS, client }), idempotency: { once: async ({ address }, answer) => (kept.push(address), answer()) }, changed: () => {}, requireOver: async () => {} },
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
