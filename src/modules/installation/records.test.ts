import { createServer } from 'node:net'
import { createHash } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import * as fc from 'fast-check'
import { sql } from 'kysely'
import { ManualClock } from '#core/clock'
import { asAdmin, type OrganisationDatabase } from '#core/database'
import { VouchsafeError } from '#core/errors'
import { saveDraft } from '#core/page'
import { auditTrailCheck } from './audit-trail.ts'
import { runOnce, startBench, type Bench } from './bench.fixture.ts'
import { cardNumbersCheck, isCardNumber } from './card-numbers.ts'
import { clockCheck, judgeStep } from './clock.ts'
import { dataLocationCheck } from './data-location.ts'
import { databaseConnectionCheck } from './database-connection.ts'
import { judgeRoom } from './disk.ts'
import { errorsCheck, judgeErrors } from './errors.ts'
import { jobsCheck } from './jobs.ts'
import { listenersCheck } from './listeners.ts'
import { outboundDoorCheck, tryAddress } from './outbound-door.ts'
import { passwordsCheck } from './passwords.ts'
import { personalDataCheck } from './personal-data.ts'
import { judgeVersions, policyVersionsCheck } from './policy-versions.ts'
import { judgeAccount, judgeSwitches } from './process-account.ts'
import { judgeSchedule } from './scheduler.ts'
import { isLoopback, parseTcpTable, tcpSocketsOf } from './sockets.ts'
import { judgeVersion } from './supported-versions.ts'

let bench: Bench
let db: OrganisationDatabase
beforeAll(async () => {
  bench = await startBench()
  db = bench.organisation.database
})
afterAll(() => bench?.stop())

const operator = { kind: 'operator', name: 'Test' } as const
const asOwner = (statement: string) => asAdmin(bench.server, db.name, (admin) => admin.query(statement))

describe('the audit trail', () => {
  it('holds, and leaves no job behind', async () => {
    expect(await runOnce(auditTrailCheck(bench.parts))).toMatchObject({ verdict: 'holds' })
    expect((await sql`select from graphile_worker.jobs`.execute(db.app)).rows).toHaveLength(0)
  })

  it('a door that lets changes through without their event fails', async () => {
    const careless: OrganisationDatabase = { ...db, change: (record, work) => db.change({ ...record, detail: {} }, work) }
    expect(await runOnce(auditTrailCheck({ ...bench.parts, organisation: { ...bench.organisation, database: careless } }))).toMatchObject({ verdict: 'fails', summary: expect.stringContaining('audit event was lost') })
    expect((await sql`select from graphile_worker.jobs`.execute(db.app)).rows).toHaveLength(0)
  })

  it('a door that commits first and audits afterwards fails', async () => {
    const hasty: OrganisationDatabase = {
      ...db,
      change: async (record, work) => {
        const result = await db.change({ ...record, detail: {} }, work)
        if (JSON.stringify(record.detail ?? {}).includes('u0000')) throw new VouchsafeError('unavailable', 'the audit is away')
        return result
      },
    }
    expect(await runOnce(auditTrailCheck({ ...bench.parts, organisation: { ...bench.organisation, database: hasty } }))).toMatchObject({ verdict: 'fails', summary: expect.stringContaining('the change stayed') })
    expect((await sql`select from graphile_worker.jobs`.execute(db.app)).rows).toHaveLength(0)
  })

  it('a door that writes no event at all fails', async () => {
    const silent: OrganisationDatabase = { ...db, change: async (record, work) => { if (JSON.stringify(record.detail ?? {}).includes('u0000')) throw new Error('no'); return work(undefined as never) } }
    expect(await runOnce(auditTrailCheck({ ...bench.parts, organisation: { ...bench.organisation, database: silent } }))).toMatchObject({ verdict: 'fails', summary: expect.stringContaining('no event in the trail') })
  })
})

describe('versions of policies', () => {
  it('hold as they were saved; altered bytes fail', async () => {
    expect((await runOnce(policyVersionsCheck(bench.parts))).verdict).toBe('unknown')
    for (const text of ['# A\n\nWe encrypt data at rest.\n', '# A\n\nWe encrypt all data at rest.\n']) await saveDraft(db, operator, { slug: 'a', name: 'a.md', source: Buffer.from(text) })
    expect(await runOnce(policyVersionsCheck(bench.parts))).toMatchObject({ verdict: 'holds', summary: 'kept byte for byte: 2 versions of 1 policy' })
    await asOwner(`set session_replication_role = replica; alter table page.version disable trigger all; update page.version set source = source || ' ' where number = 1; alter table page.version enable trigger all; alter table page.version enable always trigger append_only`)
    expect(await runOnce(policyVersionsCheck(bench.parts))).toMatchObject({ verdict: 'fails', summary: expect.stringContaining('version 1 of a is not what was recorded') })
  })

  it('a missing number and an unreadable version fail', () => {
    const version = (number: number, text: string) => ({ slug: 'a', number, name: 'a.md', source: Buffer.from(text), digest: createHash('sha256').update(text).digest('hex') })
    expect(judgeVersions([version(1, 'One.'), version(3, 'Three.')])).toMatchObject({ verdict: 'fails', summary: 'version 2 of a is missing' })
    expect(judgeVersions([version(1, '')])).toMatchObject({ verdict: 'fails', summary: expect.stringContaining('can no longer be read') })
  })
})

describe('stored text', () => {
  const keep = (name: string, value: unknown) =>
    db.change({ actor: operator, action: 'test', subject: { kind: 'setting', id: name } }, (tx) => sql`insert into page.setting (name, value, changed_at) values (${name}, ${JSON.stringify(value)}::jsonb, now()) on conflict (name) do update set value = excluded.value`.execute(tx.db))

  it('holds as it is, with the contacts of the settings in it', async () => {
    await keep('contacts', ['mailto:security@example.org'])
    expect(await runOnce(cardNumbersCheck(bench.parts))).toMatchObject({ verdict: 'holds' })
    expect(await runOnce(passwordsCheck(bench.parts))).toMatchObject({ verdict: 'holds' })
    expect(await runOnce(personalDataCheck(bench.parts))).toMatchObject({ verdict: 'holds', summary: expect.stringMatching(/stand in 1 of \d+ columns.*, all of them declared/) })
  })

  it.each(['4111111111111111', 'card 5555 5555 5555 4444 of the customer', '3782-822463-10005', '378282246310005'])('a card number fails wherever it was written: %s', async (text) => {
    await keep('note', text)
    const result = await runOnce(cardNumbersCheck(bench.parts))
    await keep('note', '')
    expect(result.verdict).toBe(text === '3782-822463-10005' ? 'holds' : 'fails') // groups of 4-6-5 are not looked for
    expect(JSON.stringify(result)).not.toMatch(/4111111111111111|5555|378282/)
  })

  it('digests, random ids and long numbers are no card numbers', async () => {
    await keep('note', `${createHash('sha256').update('x').digest('hex')} 41111111111111110000000 a4111111111111111 4111111111111112 0000000000000000 1700000000000`)
    expect((await runOnce(cardNumbersCheck(bench.parts))).verdict).toBe('holds')
  })

  it('exactly one check digit of ten makes a card number', () => {
    fc.assert(fc.property(fc.stringMatching(/^[0-9]{14}$/), (digits) => {
      const made = Array.from({ length: 10 }, (_, check) => isCardNumber(`4${digits}${check}`)).filter(Boolean)
      return made.length === 1
    }))
  })

  it.each([['$argon2id$v=19$m=65536,t=3,p=4$c29tZXNhbHQ$RdescudvJCsgt3ub+b4dWRWJTmaaJObG', 'hashed passwords'], [{ password: 'hunter2' }, 'passwords in the clear']])('a stored password fails: %o', async (value, words) => {
    await keep('note', value)
    const result = await runOnce(passwordsCheck(bench.parts))
    await keep('note', '')
    expect(result).toMatchObject({ verdict: 'fails', summary: `page.setting.value holds ${words}` })
  })

  it('hashes belong where signing in keeps them, and are Argon2id there', async () => {
    await asOwner('create schema authentication; create table authentication.secret_phrase (person_id integer, hash text); grant usage on schema authentication to public; grant select on authentication.secret_phrase to public')
    await asOwner("insert into authentication.secret_phrase values (1, '$argon2id$v=19$m=19456,t=2,p=1$c29tZXNhbHQ$RdescudvJCsgt3ub+b4dWRWJTmaaJObG')")
    expect(await runOnce(passwordsCheck(bench.parts))).toMatchObject({ verdict: 'holds' })
    await asOwner("insert into authentication.secret_phrase values (2, 'hunter2')")
    expect(await runOnce(passwordsCheck(bench.parts))).toMatchObject({ verdict: 'fails', summary: expect.stringContaining('no Argon2id hash') })
    await asOwner('drop schema authentication cascade')
  })

  it('a column made for passwords fails even while it is empty', async () => {
    await asOwner('create table page.person (id integer, password_hash text); grant select on page.person to public')
    expect(await runOnce(passwordsCheck(bench.parts))).toMatchObject({ verdict: 'fails', summary: expect.stringContaining('page.person.password_hash') })
    await asOwner('drop table page.person')
  })

  it('an address in a column that is not declared to hold any fails, and is not told', async () => {
    await asOwner(`create table page.visitor (seen text); insert into page.visitor values ('reader jo.doe@example.org at noon'); grant select on page.visitor to public`)
    const result = await runOnce(personalDataCheck(bench.parts))
    expect(result).toMatchObject({ verdict: 'fails', summary: expect.stringContaining('page.visitor.seen holds e-mail addresses') })
    expect(JSON.stringify(result)).not.toContain('jo.doe')
    await asOwner('drop table page.visitor')
    expect((await runOnce(personalDataCheck(bench.parts))).verdict).toBe('holds')
  })
})

describe('the queue', () => {
  const run = () => runOnce(jobsCheck(bench.parts))
  it('holds when empty; a late job and one that was given up fail', async () => {
    expect((await run()).verdict).toBe('holds')
    await db.change({ actor: operator, action: 'test', subject: { kind: 'test', id: '1' } }, (tx) => tx.job('never', {}, { key: 'late', runAt: new Date(Date.now() - 3_600_000) }))
    expect(await run()).toMatchObject({ verdict: 'fails', summary: expect.stringContaining('1 jobs are more than 15 minutes late') })
    await sql`update graphile_worker._private_jobs set attempts = max_attempts`.execute(db.app)
    expect(await run()).toMatchObject({ verdict: 'fails', summary: expect.stringContaining('given up') })
    await sql`delete from graphile_worker._private_jobs`.execute(db.app)
    expect((await run()).verdict).toBe('holds')
  })
})

describe('the schedule', () => {
  const start = new Date('2026-01-01T00:00:00Z')
  const binding = (lastSlot: number) => ({ checkId: 'test/one', start, cadenceSeconds: 60, lastSlot })
  it('one slot may be under way; two that ended without an entry are overdue', () => {
    const at = new Date(start.getTime() + 10 * 60_000 + 1000) // slot 10 runs
    expect(judgeSchedule([binding(9)], at).verdict).toBe('holds')
    expect(judgeSchedule([binding(8)], at).verdict).toBe('holds')
    expect(judgeSchedule([binding(9), binding(7)], at)).toMatchObject({ verdict: 'fails', summary: expect.stringContaining('1 of 2 bindings') })
    expect(judgeSchedule([], at).verdict).toBe('unknown')
  })
})

describe('the clock', () => {
  it('a step back fails, a leap ahead is unknown, slewing holds', () => {
    const before = { wallMs: 1_000_000, steadyMs: 0 }
    expect(judgeStep(before, { wallMs: 1_900_500, steadyMs: 900_000 }).verdict).toBe('holds')
    expect(judgeStep(before, { wallMs: 1_840_000, steadyMs: 900_000 })).toMatchObject({ verdict: 'fails', summary: expect.stringContaining('set back by 60 s') })
    expect(judgeStep(before, { wallMs: 5_500_000, steadyMs: 900_000 }).verdict).toBe('unknown')
  })

  it('a clock that was set back behind the records, or differs from the database, fails', async () => {
    expect((await runOnce(clockCheck(bench.parts))).verdict).toBe('holds')
    const clock = new ManualClock(new Date(Date.now() - 3_600_000))
    const result = await runOnce(clockCheck({ ...bench.parts, clock }))
    expect(result.targets).toMatchObject([{ target: 'steps', verdict: 'holds' }, { target: 'database', verdict: 'fails' }, { target: 'records', verdict: 'fails' }])
  })
})

describe('sockets', () => {
  it('reads the system’s own table of both families', () => {
    const table = 'head\n   0: 0100007F:1F90 00000000:0000 0A 0:0 0:0 0 0 0 4242 1\n   1: 0000000000000000FFFF00000100007F:0050 0:0 01 0:0 0:0 0 0 0 7 1\n   2: 00000000000000000000000001000000:0016 0:0 0A 0:0 0:0 0 0 0 8 1'
    expect(parseTcpTable(table).map(({ address, port, listening, inode }) => [address, port, listening, inode])).toEqual([['127.0.0.1', 8080, true, '4242'], ['127.0.0.1', 80, false, '7'], ['0:0:0:0:0:0:0:1', 22, true, '8']])
    expect(isLoopback('127.8.0.1') && isLoopback('0:0:0:0:0:0:0:1') && !isLoopback('0.0.0.0') && !isLoopback('10.0.0.1')).toBe(true)
  })

  it.skipIf(process.platform !== 'linux')('sees a port that this very process opens', async () => {
    const server = createServer()
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
    const { port } = server.address() as { port: number }
    expect(await tcpSocketsOf([process.pid])).toEqual(expect.arrayContaining([expect.objectContaining({ address: '127.0.0.1', port, listening: true })]))
    expect((await runOnce(listenersCheck(bench.parts))).verdict).toBe('holds')
    await new Promise((done) => server.close(done))
    expect((await tcpSocketsOf([process.pid]))?.some((socket) => socket.port === port && socket.listening)).toBe(false)
  })

  it.skipIf(process.platform !== 'linux')('a port that is open on every address fails', async () => {
    const server = createServer((socket) => socket.destroy())
    await new Promise<void>((done) => server.listen(0, '0.0.0.0', done))
    const result = await runOnce(listenersCheck(bench.parts))
    await new Promise((done) => server.close(done))
    expect(result).toMatchObject({ verdict: 'fails', summary: expect.stringMatching(/program: port \d+ is open on 0.0.0.0/) })
  })
})

describe('the way out', () => {
  it('holds for every spelling', async () => {
    expect(await runOnce(outboundDoorCheck(bench.parts))).toMatchObject({ verdict: 'holds', declared: 11 })
    expect(await runOnce(outboundDoorCheck({ ...bench.parts, allowPrivate: true }))).toMatchObject({ verdict: 'fails', summary: expect.stringContaining('--allow-private') })
  })

  it('a door that lets one through fails, because the connection arrives', async () => {
    const open = (async (url: string) => fetch(url, { signal: AbortSignal.timeout(2000) }).catch((error: unknown) => { throw new VouchsafeError('unreachable', `not public ${String(error)}`) })) as never
    expect(await tryAddress({ url: 'http://127.0.0.1:PORT/' }, open)).toMatchObject({ verdict: 'fails', summary: 'a connection was made' })
  })

  it('a failure on the way is not taken for a refusal', async () => {
    const broken = (async () => { throw new VouchsafeError('unreachable', '10.0.0.1 did not answer within 3 s.') }) as never
    expect((await tryAddress({ url: 'http://10.0.0.1/' }, broken)).verdict).toBe('fails')
  })
})

describe('where data lies, and how it is reached', () => {
  it('holds for the embedded database and the folder; objects in a service elsewhere fail', async () => {
    expect((await runOnce(dataLocationCheck(bench.parts))).verdict).toBe('holds')
    expect((await runOnce(databaseConnectionCheck(bench.parts))).verdict).toBe('holds')
    const objects = Object.assign(Object.create(bench.organisation.objects) as typeof bench.organisation.objects, { describe: () => 'bucket b at https://s3.example.org' })
    expect(await runOnce(dataLocationCheck({ ...bench.parts, organisation: { ...bench.organisation, objects } }))).toMatchObject({ verdict: 'fails', summary: expect.stringContaining('objects: the objects lie in a store outside') })
    const server = { ...bench.server, kind: 'external', admin: { ...bench.server.admin, host: 'db.example.org' } } as never
    expect(await runOnce(dataLocationCheck({ ...bench.parts, server }))).toMatchObject({ verdict: 'fails', summary: expect.stringContaining('another machine') })
  })
})

describe('errors', () => {
  const at = new Date('2026-06-02T00:00:00Z')
  const line = (level: number, hoursAgo: number, msg = 'request failed for jo.doe@example.org') => JSON.stringify({ level, time: at.getTime() - hoursAgo * 3_600_000, msg })
  it('one unexpected error within the day fails; older ones, warnings and lines cut short do not', async () => {
    expect(judgeErrors([line(50, 25), line(40, 1), line(30, 1), 'st":"x"}', '{"level":50,"time":'].join('\n'), at).verdict).toBe('holds')
    const sight = judgeErrors([line(50, 5), line(60, 3)].join('\n'), at)
    expect(sight).toMatchObject({ verdict: 'fails', summary: '2 errors in the last day, the newest at 2026-06-01T21:00:00.000Z; see vouchsafe.log' })
    expect(JSON.stringify(sight)).not.toContain('jo.doe')
    expect((await runOnce(errorsCheck(bench.parts))).verdict).toBe('unknown')
  })
})

describe('judgements of the machine', () => {
  it('little room fails', () => {
    expect(judgeRoom(50e9, 1e6).verdict).toBe('holds')
    expect(judgeRoom(5e8, 1e6)).toMatchObject({ verdict: 'fails', summary: expect.stringContaining('500 MB are free') })
    expect(judgeRoom(50e9, 100).verdict).toBe('fails')
    expect(judgeRoom(50e9, undefined).verdict).toBe('holds')
  })

  it('root and needless capabilities fail', () => {
    expect(judgeAccount(0, 0n).verdict).toBe('fails')
    expect(judgeAccount(1000, 0x400n).verdict).toBe('fails')
    expect(judgeAccount(1000, 0n).verdict).toBe('holds')
    expect(judgeAccount(undefined, undefined).verdict).toBe('unknown')
  })

  it.each([
    [true, [], {}],
    [false, ['--inspect=0.0.0.0:9229'], {}],
    [false, [], { NODE_OPTIONS: '--max-old-space-size=100 --require /tmp/x.js' }],
    [false, [], { NODE_TLS_REJECT_UNAUTHORIZED: '0' }],
    [false, [], { SSLKEYLOGFILE: '/tmp/keys' }],
    [false, ['--insecure-http-parser'], {}],
  ])('a switch of development fails: %o %o %o', (inspector, options, environment) => {
    const sight = judgeSwitches(inspector, options, environment)
    expect(sight.verdict).toBe('fails')
    expect(sight.summary).not.toContain('/tmp')
  })

  it('no switch holds', () => {
    expect(judgeSwitches(false, ['--enable-source-maps'], { NODE_OPTIONS: '--max-old-space-size=100' }).verdict).toBe('holds')
  })

  it('a version past its end fails, on the day after it; one that is not listed is unknown', () => {
    expect(judgeVersion('Node.js', '20.20.2', new Date('2026-04-30T12:00:00Z')).verdict).toBe('holds')
    expect(judgeVersion('Node.js', '20.20.2', new Date('2026-05-01T00:00:01Z'))).toMatchObject({ verdict: 'fails', summary: expect.stringContaining('since 2026-04-30') })
    expect(judgeVersion('PostgreSQL', '18.4', new Date('2026-05-01')).verdict).toBe('holds')
    expect(judgeVersion('PostgreSQL', '99.1', new Date('2026-05-01')).verdict).toBe('unknown')
  })
})
