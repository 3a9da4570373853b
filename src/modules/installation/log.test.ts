import { randomBytes } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { encodeLeaf, toHex } from '@vouchsafe/verify'
import { asAdmin } from '#core/database'
import { leafFor } from '#core/statement'
import type { Guard } from '#core/log'
import { runOnce, startBench, type Bench } from './bench.fixture.ts'
import { logConsistencyCheck } from './log-consistency.ts'
import { logGuardCheck } from './log-guard.ts'

let bench: Bench
beforeAll(async () => {
  bench = await startBench()
  for (let i = 0; i < 5; i++) await bench.log.append(leafFor({ payload: 'AAAA', payloadType: 'text/plain', signatures: [] }).leaf)
  const id = randomBytes(16)
  await bench.log.append({ id: toHex(id).replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5'), class: 2, leaf: encodeLeaf({ class: 'private', id, commitment: randomBytes(32) }) })
})
afterAll(() => bench?.stop())

/** As somebody with the server's own rights: past grants and triggers. */
const tamper = (sql: string) => asAdmin(bench.server, bench.organisation.database.name, async (admin) => {
  await admin.query(`set session_replication_role = replica; alter table log.entry disable trigger all; alter table log.checkpoint disable trigger all; ${sql}; alter table log.entry enable trigger all; alter table log.checkpoint enable trigger all`)
})

describe('the whole log', () => {
  const run = () => runOnce(logConsistencyCheck(bench.parts))

  it('holds as it was signed', async () => {
    expect(await run()).toMatchObject({ verdict: 'holds', summary: '7 entries lead to the signed root; every public one of them (6) has its envelope' })
  })

  it.each([
    ['a leaf with one bit changed', 'update log.entry set leaf = set_byte(leaf, 49, get_byte(leaf, 49) # 1) where index = 6', 'update log.entry set leaf = set_byte(leaf, 49, get_byte(leaf, 49) # 1) where index = 6', /another root/],
    ['a public leaf whose envelope was taken away', 'create table log.kept as select * from log.entry where index = 3; update log.entry set envelope = null where index = 3', 'update log.entry e set envelope = k.envelope from log.kept k where e.index = k.index; drop table log.kept', /entry 3: a public leaf has lost its envelope/],
    ['an envelope that was rewritten', `create table log.kept as select * from log.entry where index = 2; update log.entry set envelope = 'x' where index = 2`, 'update log.entry e set envelope = k.envelope from log.kept k where e.index = k.index; drop table log.kept', /entry 2: the envelope is not the one/],
    ['an entry that was removed', 'create table log.kept as select * from log.entry where index = 4; delete from log.entry where index = 4', 'insert into log.entry select * from log.kept; drop table log.kept', /entry 4: there is a hole/],
  ])('%s fails', async (_name, harm, mend, words) => {
    await tamper(harm)
    const broken = await run()
    await tamper(mend)
    expect(broken.summary).toMatch(words)
    expect(broken.verdict).toBe('fails')
    expect((await run()).verdict).toBe('holds')
  })

  it('a checkpoint that another key signed is not taken for ours', async () => {
    await tamper(`create table log.kept as select * from log.checkpoint; update log.checkpoint set note = regexp_replace(note, '(— .* )(.)', '\\1A')`)
    const result = await run()
    await tamper('update log.checkpoint c set note = k.note from log.kept k where c.number = k.number; drop table log.kept')
    expect(result.verdict).not.toBe('holds')
  })
})

describe('the remembered checkpoint', () => {
  it('holds where the log agrees', async () => {
    expect(await runOnce(logGuardCheck(bench.parts))).toMatchObject({ verdict: 'holds' })
  })

  it('a place that remembers nothing fails, and no place at all is unknown', async () => {
    const empty: Guard = { place: 'nowhere', read: async () => undefined, write: async () => {} }
    expect((await runOnce(logGuardCheck({ ...bench.parts, guards: [empty] }))).verdict).toBe('fails')
    expect((await runOnce(logGuardCheck({ ...bench.parts, guards: [] }))).verdict).toBe('unknown')
  })

  it('a log that is behind what was signed fails', async () => {
    const { log } = bench
    const behind = new Proxy(log, {
      get: (target, name) => (name === 'size' ? async () => 3 : name === 'store' ? { checkpointAt: async () => undefined } : Reflect.get(target, name, target)),
    })
    expect(await runOnce(logGuardCheck({ ...bench.parts, log: behind }))).toMatchObject({ verdict: 'fails', summary: expect.stringContaining('the data is an old copy') })
  })

  it('a checkpoint that somebody made up is never good', async () => {
    const forged: Guard = { place: 'forged', read: async () => Buffer.from(`${bench.log.origin}\n7\n${randomBytes(32).toString('base64')}\n\n— ${bench.log.origin} ${randomBytes(68).toString('base64')}\n`), write: async () => {} }
    expect((await runOnce(logGuardCheck({ ...bench.parts, guards: [forged] }))).verdict).not.toBe('holds')
  })
})
