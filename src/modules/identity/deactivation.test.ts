import { spawn } from 'node:child_process'
import { chmod, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { sql } from 'kysely'
import { afterEach, expect, test } from 'vitest'
import { newRolePasswords } from '#core/database'
import { assemble, open, type Orders } from './deactivation.trial.ts'

const undo: (() => unknown)[] = []
afterEach(async () => {
  for (const step of undo.splice(0).toReversed()) await step()
})

/** Runs the child until it has said `done` so many times, then kills it and its PostgreSQL in the same moment. */
async function runAndKill(times: number): Promise<{ orders: Orders; done: string[]; begun: string[] }> {
  const folder = await mkdtemp(join(tmpdir(), 'vouchsafe-deactivation-'))
  await chmod(folder, 0o711)
  undo.push(() => rm(folder, { recursive: true, force: true }))
  const orders: Orders = { folder, name: 'vouchsafe_trial', passwords: newRolePasswords() }
  const child = spawn(process.execPath, ['--conditions=source', '--no-warnings', fileURLToPath(new URL('./deactivation.trial.ts', import.meta.url)), 'child'], { env: { ...process.env, NODE_OPTIONS: '', VOUCHSAFE_TRIAL: JSON.stringify(orders) }, stdio: ['ignore', 'pipe', 'pipe'] })
  undo.push(() => child.kill('SIGKILL'))
  let complaint = ''
  child.stderr.on('data', (bytes: Buffer) => (complaint += bytes.toString()))
  const exited = new Promise((resolve) => child.once('exit', resolve))
  const said = { begins: [] as string[], done: [] as string[] }
  let postgres = 0
  for await (const line of createInterface({ input: child.stdout })) {
    const [what, which = ''] = line.split(' ')
    if (what === 'ready') postgres = Number(which)
    else if (what === 'begins' || what === 'done') said[what].push(which)
    if (said.done.length === times && postgres > 0) {
      process.kill(postgres, 'SIGKILL')
      child.kill('SIGKILL')
      postgres = 0
    }
  }
  await exited
  if (said.done.length < times) throw new Error(`The child ended early: ${complaint}`)
  return { orders, done: said.done, begun: said.begins }
}

test.each([1, 7])('whoever was deactivated (%i done) is still dead after kill -9 of application and database, and nobody is half dead', async (times) => {
  const { orders, done, begun } = await runAndKill(times)
  const { server, db } = await open(orders, false)
  undo.push(() => server.stop(), () => db.close())
  const { people } = assemble(db)
  expect(done.length).toBeGreaterThanOrEqual(times)
  for (const id of done) expect(await people.standing(id), id).toEqual({ active: false, epoch: 1, kind: 'service', groups: [] })
  // Of whoever was being deactivated just then: all of it or nothing, with its audit event or without.
  const { rows } = await sql<{ id: string; state: string; epoch: number; groups: number; events: number }>`
    select p.id::text, p.state, p.epoch, (select count(*) from identity.membership m where m.person_id = p.id) as groups,
      (select count(*) from audit.event e where e.action = 'person.deactivate' and e.subject_id = p.id::text) as events
    from identity.person p`.execute(db.app)
  for (const row of rows) expect(row, row.id).toEqual({ id: row.id, ...(row.state === 'active' ? { state: 'active', epoch: 0, groups: 1, events: 0 } : { state: 'deactivated', epoch: 1, groups: 0, events: 1 }) })
  expect(rows.filter(({ state }) => state === 'deactivated').length).toBeLessThanOrEqual(begun.length)
  expect(rows.filter(({ state }) => state === 'active').length).toBeGreaterThan(0)
})
