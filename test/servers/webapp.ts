import { randomBytes, scryptSync, timingSafeEqual } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { listen } from './listen.ts'
import type { Reply, Request, TestServer } from './listen.ts'

/** Ways to break the application's isolation, one for each road across. */
export type Leak = 'read' | 'list' | 'search' | 'change' | 'delete' | 'export'

export interface WebApp extends TestServer {
  /** Takes tenant checks out, as a careless change would. */
  leaks: Set<Leak>
  /** How many notes of the probe are left. */
  notes(): number
}

const ACCOUNTS = [
  { user: 'alice@north.example', password: 'north-Password-1', tenant: 'north' },
  { user: 'bob@south.example', password: 'south-Password-2', tenant: 'south' },
]

/**
 * A small note-taking product with two tenants: sign-in form with a CSRF token, session cookies, notes in SQLite on disk,
 * an interface of its own to read, list, search, change, delete and export them. Ids count upwards, as they do in many products.
 */
export async function startWebApp(): Promise<WebApp> {
  const folder = mkdtempSync(path.join(tmpdir(), 'vouchsafe-webapp-'))
  const db = new DatabaseSync(path.join(folder, 'notes.sqlite'))
  db.exec('create table account (user text primary key, tenant text not null, salt blob not null, hash blob not null)')
  db.exec('create table note (id integer primary key autoincrement, tenant text not null, title text not null, body text not null)')
  for (const { user, password, tenant } of ACCOUNTS) {
    const salt = randomBytes(16)
    db.prepare('insert into account values (?, ?, ?, ?)').run(user, tenant, salt, scryptSync(password, salt, 32))
  }
  for (const tenant of ['north', 'south']) for (let i = 0; i < 3; i++) db.prepare('insert into note (tenant, title, body) values (?, ?, ?)').run(tenant, `${tenant} plan ${i}`, 'body')
  const sessions = new Map<string, { csrf: string; tenant?: string }>()
  const leaks = new Set<Leak>()

  const server = await listen((request): Reply => {
    const id = /(?:^|; )session=([0-9a-f]{32})/.exec(request.headers.cookie ?? '')?.[1] ?? ''
    const session = sessions.get(id)
    if (request.path === '/sign-in' && request.method === 'GET') {
      const fresh = randomBytes(16).toString('hex')
      const csrf = randomBytes(16).toString('hex')
      sessions.set(fresh, { csrf })
      return { headers: { 'content-type': 'text/html; charset=utf-8', 'set-cookie': [`session=${fresh}; Path=/; HttpOnly; SameSite=Lax`, 'theme=light; Path=/'] }, body: `<!doctype html><title>Sign in</title><form method="post"><input type="hidden" name="csrf" value="${csrf}"><input name="user"><input name="password" type="password"></form>` }
    }
    if (request.path === '/sign-in' && request.method === 'POST') return signIn(request, id, session)
    if (!session?.tenant) return { status: 401, body: { error: 'sign in first' } }
    if (request.method !== 'GET' && request.headers['x-csrf-token'] !== session.csrf) return { status: 403, body: { error: 'csrf' } }
    if (request.path === '/api/me') return { body: { tenant: session.tenant, csrf: session.csrf } }
    return api(request, session.tenant)
  })

  function signIn(request: Request, id: string, session: { csrf: string } | undefined): Reply {
    const form = new URLSearchParams(request.body.toString())
    if (!session || form.get('csrf') !== session.csrf) return { status: 403, headers: { 'content-type': 'text/html' }, body: 'The form is out of date.' }
    const account = db.prepare('select tenant, salt, hash from account where user = ?').get(form.get('user') ?? '') as { tenant: string; salt: Uint8Array; hash: Uint8Array } | undefined
    if (!account || !timingSafeEqual(scryptSync(form.get('password') ?? '', account.salt, 32), account.hash)) return { headers: { 'content-type': 'text/html' }, body: '<!doctype html><p class="error">Wrong user or password.</p>' }
    sessions.delete(id)
    const fresh = randomBytes(16).toString('hex')
    sessions.set(fresh, { csrf: randomBytes(16).toString('hex'), tenant: account.tenant })
    return { status: 303, headers: { location: '/notes', 'set-cookie': `session=${fresh}; Path=/; HttpOnly; SameSite=Lax` }, body: '' }
  }

  function api(request: Request, tenant: string): Reply {
    const within = (leak: Leak): string => (leaks.has(leak) ? '(tenant = ? or 1 = 1)' : 'tenant = ?')
    if (request.path === '/api/notes' && request.method === 'GET') {
      const search = request.query.get('q')
      const rows = search === null ? db.prepare(`select id, title, body from note where ${within('list')} order by id desc limit 50`).all(tenant) : db.prepare(`select id, title, body from note where ${within('search')} and title like ? limit 50`).all(tenant, `%${search}%`)
      return { body: { notes: rows } }
    }
    if (request.path === '/api/export') return { headers: { 'content-type': 'text/csv' }, body: (db.prepare(`select id, title from note where ${within('export')}`).all(tenant) as { id: number; title: string }[]).map((row) => `${row.id},${row.title}`).join('\n') }
    if (request.path === '/api/notes' && request.method === 'POST') {
      const { title, body } = JSON.parse(request.body.toString()) as { title: string; body: string }
      return { status: 201, body: { id: Number(db.prepare('insert into note (tenant, title, body) values (?, ?, ?)').run(tenant, title, body).lastInsertRowid) } }
    }
    const id = Number(/^\/api\/notes\/(\d+)$/.exec(request.path)?.[1] ?? -1)
    if (request.method === 'GET') {
      const row = db.prepare(`select id, title, body from note where ${within('read')} and id = ?`).get(tenant, id)
      return row ? { body: row } : { status: 404, body: { error: 'not found' } }
    }
    if (request.method === 'PUT') {
      const { title } = JSON.parse(request.body.toString()) as { title: string }
      return db.prepare(`update note set title = ? where ${within('change')} and id = ?`).run(title, tenant, id).changes > 0 ? { status: 204, body: '' } : { status: 404, body: { error: 'not found' } }
    }
    if (request.method === 'DELETE') return db.prepare(`delete from note where ${within('delete')} and id = ?`).run(tenant, id).changes > 0 ? { status: 204, body: '' } : { status: 404, body: { error: 'not found' } }
    return { status: 404, body: { error: 'not found' } }
  }

  return {
    ...server,
    leaks,
    notes: () => (db.prepare("select count(*) as n from note where title like 'probe %'").get() as { n: number }).n,
    async close() {
      await server.close()
      db.close()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}
