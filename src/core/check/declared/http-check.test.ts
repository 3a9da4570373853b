import { describe, expect, it } from 'vitest'
import { ManualClock } from '#core/clock'
import { runIsolated } from '../isolation.ts'
import type { IsolatedResult } from '../isolation.ts'
import { toCheck } from './check.ts'
import { parseDeclaredCheck } from './declaration.ts'
import type { FetchAnswer, FetchRequest } from './fetch.ts'

const TOKEN = 'tok-Secret/123+456'
type Answer = Partial<Omit<FetchAnswer, 'body'>> & { body?: unknown }
interface Sent extends FetchRequest {
  url: string
}

/** Runs steps (YAML, indented by two) against answers given in order or by a function. */
async function run(steps: string, answers: Answer[] | ((request: Sent) => Answer), options: { targets?: string; auth?: string } = {}): Promise<IsolatedResult & { sent: Sent[]; waits: number[] }> {
  const sent: Sent[] = []
  const waits: number[] = []
  const text = `id: a/b\ntitle: T\nmethod: M\ncontrols: [code-reviewed]\ncadence: 1h\nsettings: { api: "https://api.example" }\nsecrets: [token]\n${options.auth === undefined ? '' : `auth: ${options.auth}\n`}targets: ${options.targets ?? '[one]'}\nsteps:\n${steps}`
  const clock = new ManualClock('2026-03-01T10:00:00Z')
  const check = toCheck(parseDeclaredCheck(text, { file: 't.yaml' }), {
    clock,
    secrets: { secret: async () => `${TOKEN}\n` },
    wait: async (ms) => void waits.push(ms),
    fetch: async (url, request) => {
      sent.push({ ...request, url })
      const answer = Array.isArray(answers) ? (answers[Math.min(sent.length, answers.length) - 1] ?? {}) : answers({ ...request, url })
      const body = answer.body ?? {}
      return { status: answer.status ?? 200, headers: { 'content-type': typeof body === 'string' ? 'text/html' : 'application/json', ...answer.headers }, setCookies: answer.setCookies ?? [], body: Buffer.from(typeof body === 'string' ? body : JSON.stringify(body)) }
    },
  })
  const result = await runIsolated(check, { at: clock.now(), attempt: 1, timeLimitSeconds: 60 })
  return { ...result, sent, waits }
}
const step = (assertion: string, more = ''): string => `  - http: { url: "\${settings.api}/x"${more} }\n    assert: [${assertion}]\n`

describe('assertions', () => {
  const body = { yes: true, none: null, number: 14, text: 'v1.2.3', at: '2026-02-01T00:00:00Z', roles: ['read', 'write'], rows: [{ n: 'a', on: true }, { n: 'b', on: false }, { n: 'c' }], empty: [] }
  it.each<[string, string]>([
    ['{ at: $.yes, equals: true }', 'holds'],
    ['{ at: $.yes, equals: false }', 'fails'],
    ['{ at: $.yes, equals: "true" }', 'unknown'],
    ['{ at: $.none, equals: true }', 'unknown'],
    ['{ at: $.none, equals: null }', 'holds'],
    ['{ at: $.gone, equals: true }', 'unknown'],
    ['{ at: $.gone, equals: true, missing: fails }', 'fails'],
    ['{ at: $.gone, notEquals: true }', 'unknown'],
    ['{ at: $.gone, absent: true }', 'holds'],
    ['{ at: $.none, exists: true }', 'fails'],
    ['{ at: $.number, atLeast: 14 }', 'holds'],
    ['{ at: $.number, atMost: 13.5 }', 'fails'],
    ['{ at: $.text, atLeast: 1 }', 'unknown'],
    ['{ at: $.text, matches: "^v\\\\d+\\\\." }', 'holds'],
    ['{ at: $.number, matches: "1" }', 'unknown'],
    ['{ at: $.text, in: [v1.2.3, v2] }', 'holds'],
    ['{ at: $.text, in: [1, 2] }', 'unknown'],
    ['{ at: $.text, notIn: [v1.2.3] }', 'fails'],
    ['{ at: $.roles, contains: write }', 'holds'],
    ['{ at: $.roles, lacks: write }', 'fails'],
    ['{ at: $.at, after: now - 90 days }', 'holds'],
    ['{ at: $.at, before: now - 90 days }', 'fails'],
    ['{ at: $.text, before: now }', 'unknown'],
    ['{ each: "$.roles[*]", in: [read, write] }', 'holds'],
    ['{ each: "$.roles[*]", in: [read] }', 'fails'],
    ['{ each: "$.rows[*]", hold: [{ at: $.on, equals: true }] }', 'fails'],
    ['{ each: "$.rows[*]", where: [{ at: $.n, in: [a, c] }], hold: [{ at: $.on, equals: true }] }', 'unknown'],
    ['{ each: "$.empty[*]", equals: 1 }', 'unknown'],
    ['{ each: "$.empty[*]", equals: 1, empty: holds }', 'holds'],
    ['{ any: "$.rows[*]", hold: [{ at: $.on, equals: true }] }', 'holds'],
    ['{ any: "$.empty[*]", equals: 1 }', 'fails'],
    ['{ any: "$.gone[*]", equals: 1 }', 'unknown'],
    ['{ none: "$.rows[*]", where: [{ at: $.n, equals: z }] }', 'holds'],
    ['{ none: "$.rows[*]", where: [{ at: $.n, equals: a }] }', 'fails'],
    ['{ none: "$.gone[*]", equals: 1 }', 'unknown'],
    ['{ none: "$.rows[*].gone[*]", equals: 1 }', 'unknown'],
    ['{ none: "$.empty[*].gone[*]", equals: 1 }', 'holds'],
    ['{ none: "$.rows[*]", hold: [{ at: $.on, equals: true }, { at: $.n, equals: z }] }', 'holds'],
    ['{ count: "$.rows[*]", atLeast: 3 }', 'holds'],
    ['{ count: "$.rows[*]", hold: [{ at: $.n, equals: a }], equals: 1 }', 'holds'],
    ['{ count: "$.gone[*]", equals: 0 }', 'unknown'],
    ['{ at: status, equals: 200 }', 'holds'],
    ['{ at: header.content-type, contains: json }', 'holds'],
    ['{ at: text, lacks: password }', 'holds'],
  ])('%s %s', async (assertion, verdict) => {
    expect((await run(step(assertion), [{ body }])).verdict).toBe(verdict)
  })
})

describe('what cannot be told is unknown', () => {
  const ok = '{ at: $.ok, equals: true }'
  it.each<[string, Answer, string]>([
    ['a refused call', { status: 401, body: { ok: true } }, 'credentials are current'],
    ['a call without rights', { status: 403, body: { ok: true } }, 'were granted'],
    ['a redirect', { status: 302, headers: { location: 'https://elsewhere.example/' } }, 'Redirects are not followed'],
    ['a sign-in page instead of JSON', { headers: { 'content-type': 'application/json' }, body: '<html>' }, 'not JSON'],
    ['a page of another kind', { body: '<html>ok</html>' }, 'is not there'],
    ['an empty body', { headers: { 'content-type': 'application/json' }, body: '' }, 'is not there'],
  ])('%s', async (_name, answer, words) => {
    const result = await run(step(ok), [answer])
    expect(result).toMatchObject({ verdict: 'unknown', targets: [{ verdict: 'unknown' }], declared: 1 })
    expect(result.summary).toContain(words)
  })

  it('a failing assertion outweighs what another step could not tell', async () => {
    const result = await run(step('{ at: $.ok, equals: true }') + step('{ at: $.ok, equals: true }'), [{ body: { ok: false } }, { status: 500 }])
    expect(result.verdict).toBe('fails')
  })

  it('a server error is asked again, a POST is not sent twice', async () => {
    expect((await run(step(ok), [{ status: 502 }, { status: 500 }, { body: { ok: true } }])).waits).toEqual([500, 1000])
    expect((await run(step(ok, ', method: POST'), [{ status: 500 }, { body: { ok: true } }])).sent.length).toBe(1)
    expect((await run(step(ok, ', method: POST'), [{ status: 503 }, { body: { ok: true } }])).verdict).toBe('holds')
  })

  it('Retry-After is kept, as seconds and as a date, and longer than the run lasts it is unknown', async () => {
    expect((await run(step(ok), [{ status: 429, headers: { 'retry-after': '7' } }, { body: { ok: true } }])).waits).toEqual([7000])
    expect((await run(step(ok), [{ status: 429, headers: { 'retry-after': 'Sun, 01 Mar 2026 10:00:20 GMT' } }, { body: { ok: true } }])).waits).toEqual([20_000])
    expect(await run(step(ok), [{ status: 429, headers: { 'retry-after': '3600' } }])).toMatchObject({ verdict: 'unknown', waits: [] })
  })
})

describe('where things may go', () => {
  const bearer = '{ bearer: "${secrets.token}" }'
  const paged = '  - http: { url: "${settings.api}/x", paging: { items: $, link: true } }\n    assert: [{ count: "$[*]", atLeast: 1 }]\n'

  it('a page said to be on another host is not asked, and gets no credentials', async () => {
    const result = await run(paged, [{ headers: { link: '<https://evil.example/2>; rel="next"' }, body: [1] }], { auth: bearer })
    expect(result).toMatchObject({ verdict: 'unknown', summary: expect.stringContaining('evil.example') as string })
    expect(result.sent.length).toBe(1)
  })

  it('pages without end are given up', async () => {
    const result = await run(paged.replace('link: true', 'link: true, maxPages: 5'), ({ url }) => ({ headers: { link: `<${url}>; rel="next"` }, body: [1] }))
    expect(result).toMatchObject({ verdict: 'unknown', summary: expect.stringContaining('more than 5 pages') as string })
  })

  it('page numbers and JSON cursors are followed', async () => {
    const numbered = await run(paged.replace('link: true', 'page: { query: p, from: 1, size: 2 }').replace('atLeast: 1', 'equals: 3'), ({ url }) => ({ body: url.endsWith('p=2') ? [3] : [1, 2] }))
    expect(numbered.verdict).toBe('holds')
    const cursor = await run('  - http: { method: POST, url: "${settings.api}/x", json: { size: 2 }, paging: { items: $.rows, cursor: { at: $.next, json: NextToken } } }\n    assert: [{ count: "$[*]", equals: 3 }]\n', ({ body }) => (Buffer.from(body ?? []).toString().includes('"NextToken":"t2"') ? { body: { rows: [3] } } : { body: { rows: [1, 2], next: 't2' } }))
    expect(cursor.verdict).toBe('holds')
  })

  it('what was read never chooses the host, climbs in the path, or breaks out of its place', async () => {
    const steps = (url: string): string => `  - http: { url: "\${settings.api}/first" }\n    keep: { id: { at: $.id } }\n${`  - http: { url: "${url}" }\n    assert: [{ at: status, equals: 200 }]\n`}`
    const urlsFor = async (url: string, id: string): Promise<string | undefined> => (await run(steps(url), [{ body: { id } }, {}])).sent[1]?.url
    expect(await urlsFor('https://${kept.id}/x', 'evil.example')).toBeUndefined()
    expect(await urlsFor('https://api.${kept.id}', 'evil.example')).toBeUndefined()
    expect(await urlsFor('${settings.api}/x/${kept.id}/y', '..')).toBeUndefined()
    expect(await urlsFor('${settings.api}/x/${kept.id}', '../../admin?x=#')).toBe('https://api.example/x/..%2F..%2Fadmin%3Fx%3D%23')
  })

  it('plain http to other machines is refused', async () => {
    const result = await run(step('{ at: $.ok, equals: true }').replace('${settings.api}', 'http://inner.example'), [{ body: { ok: true } }])
    expect(result).toMatchObject({ verdict: 'unknown', sent: [] })
  })

  it('a header cannot become two', async () => {
    const result = await run('  - http: { url: "${settings.api}/x" }\n    keep: { id: { at: $.id } }\n  - http: { url: "${settings.api}/y", headers: { X-Id: "${kept.id}" } }\n    assert: [{ at: status, equals: 200 }]\n', [{ body: { id: 'a\r\nX-Admin: 1' } }, {}])
    expect(result).toMatchObject({ verdict: 'unknown', summary: expect.stringContaining('control character') as string })
  })
})

describe('secrets', () => {
  it('show nowhere, in none of their spellings, whatever the other side echoes', async () => {
    const forms = [TOKEN, encodeURIComponent(TOKEN), Buffer.from(TOKEN).toString('base64'), Buffer.from(TOKEN).toString('hex'), JSON.stringify(TOKEN).slice(1, -1)]
    const result = await run('  - http: { url: "${settings.api}/x", auth: { bearer: "${secrets.token}" } }\n    keep: { echo: { at: $.echo } }\n    assert:\n      - { at: $.echo, equals: other, else: "echoed ${kept.echo}" }\n      - { each: "$.rows[*]", equals: x, naming: $ }\n', [{ body: { echo: forms.join(' '), rows: forms } }])
    expect(result.verdict).toBe('fails')
    expect(result.sent[0]?.headers['authorization']).toBe(`Bearer ${TOKEN}`)
    for (const form of forms) expect(JSON.stringify({ ...result, sent: [] })).not.toContain(form)
  })

  it('that are not set make the run unknown, and name themselves', async () => {
    const declared = parseDeclaredCheck('id: a/b\ntitle: T\nmethod: M\ncontrols: [code-reviewed]\ncadence: 1h\nsecrets: [gone]\ntargets: [one]\nsteps:\n  - http: { url: "https://api.example/x" }\n    assert: [{ at: $.ok, equals: true }]\n', { file: 't' })
    const check = toCheck(declared, { fetch: async () => Promise.reject(new Error('never')) })
    expect(await runIsolated(check, { at: new Date(), attempt: 1, timeLimitSeconds: 5 })).toMatchObject({ verdict: 'unknown', summary: expect.stringContaining('The secret gone is not set') as string })
    expect(await check.targets()).toEqual(['one'])
  })

  it('OAuth2 sends them as RFC 6749 says, and the token that it got is as secret', async () => {
    const result = await run(step('{ at: $.ok, equals: true }'), ({ url }) => (url.endsWith('/token') ? { body: { access_token: 'at-98765-issued' } } : { status: 400, body: { saw: 'at-98765-issued' } }), { auth: '{ oauth2: { tokenUrl: "${settings.api}/token", clientId: "my app", clientSecret: "${secrets.token}", scope: read } }' })
    expect(Buffer.from(String(result.sent[0]?.headers['authorization']).slice(6), 'base64').toString()).toBe(`my+app:${new URLSearchParams([['', TOKEN]]).toString().slice(1)}`)
    expect(result.sent[1]?.headers['authorization']).toBe('Bearer at-98765-issued')
    expect(JSON.stringify({ ...result, sent: [] })).not.toContain('at-98765')
  })
})

describe('targets', () => {
  const from = '{ from: { http: { url: "${settings.api}/list" }, each: "$[*]", name: $.n, with: { id: $.id } } }'
  it('from a step are run each for itself, in order of their names', async () => {
    const result = await run('  - http: { url: "${settings.api}/t/${target.id}" }\n    assert: [{ at: $.ok, equals: true }]\n', ({ url }) => (url.endsWith('/list') ? { body: [{ n: 'b', id: 2 }, { n: 'a', id: 1 }] } : { body: { ok: url.endsWith('/1') } }), { targets: from })
    expect(result.targets.map(({ target, verdict }) => [target, verdict])).toEqual([['a', 'holds'], ['b', 'fails']])
  })
  it.each<[string, Answer]>([
    ['none', { body: [] }],
    ['two of one name', { body: [{ n: 'a', id: 1 }, { n: 'a', id: 2 }] }],
    ['one without a name', { body: [{ id: 1 }] }],
    ['a list that is refused', { status: 403 }],
  ])('%s is unknown', async (_name, answer) => {
    expect((await run('  - http: { url: "${settings.api}/t" }\n    assert: [{ at: $.ok, equals: true }]\n', ({ url }) => (url.endsWith('/list') ? answer : { body: { ok: true } }), { targets: from })).verdict).toBe('unknown')
  })
})
