import { spawn } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { createInterface } from 'node:readline'
import { expect, it } from 'vitest'
import { asAdmin, startEmbedded } from '#core/database'
import { rounds } from './scale.ts'

/** A second or two each. */
const ROUNDS = rounds(500)

// The application, and often PostgreSQL too, is killed at a random moment while it writes; after each start we look
// whether anything acknowledged is missing and whether anything is half done.
it(`of ${ROUNDS} kills of the application and its database, none loses or halves a change`, async () => {
  const folder = await mkdtemp(join(tmpdir(), 'vouchsafe-soak-'))
  const writer = resolve(import.meta.dirname, '../servers/database-writer.ts')
  const acknowledged = new Set<number>()
  let postgresKills = 0
  const problems: string[] = []

  for (let round = 0; round < ROUNDS; round++) {
    const child = spawn(process.execPath, ['--conditions=source', writer, folder, String(round * 100_000)], { stdio: ['ignore', 'pipe', 'inherit'] })
    let postgres = 0
    const ready = Promise.withResolvers<void>()
    createInterface({ input: child.stdout }).on('line', (line) => {
      if (line.startsWith('ack ')) acknowledged.add(Number(line.slice(4)))
      if (line.startsWith('ready ')) { postgres = Number(line.slice(6)); ready.resolve() }
    })
    const died = new Promise<void>((done) => child.on('close', () => { ready.resolve(); done() }))
    // One round in four is killed while it starts, which is where a half-made thing would come from.
    if (round % 4 !== 3) await ready.promise
    await new Promise((done) => setTimeout(done, Math.random() * 600))
    if (postgres > 0 && Math.random() < 0.5) {
      postgresKills++
      try { process.kill(postgres, 'SIGKILL') } catch { /* down at this moment */ }
      await new Promise((done) => setTimeout(done, Math.random() * 200))
    }
    child.kill('SIGKILL')
    await died
    if (round % 10 === 9 || round === ROUNDS - 1) problems.push(...(await examine(folder, acknowledged)).map((problem) => `after round ${round + 1}: ${problem}`))
  }
  console.log(`${ROUNDS} rounds, ${postgresKills} kills of postgres, ${acknowledged.size} changes acknowledged`)
  await rm(folder, { recursive: true, force: true })
  expect(problems).toEqual([])
  expect(acknowledged.size).toBeGreaterThan(0)
})

async function examine(folder: string, acknowledged: ReadonlySet<number>): Promise<string[]> {
  const server = await startEmbedded({ dataFolder: folder })
  try {
    const { rows } = await asAdmin(server, 'postgres', (admin) => admin.query<{ datname: string }>(`select datname from pg_database where datname like 'vouchsafe\\_%' and datname <> 'vouchsafe_directory'`))
    if (rows.length === 0 && acknowledged.size === 0) return []
    if (rows.length !== 1) return [`${rows.length} organisations`]
    const read = async (text: string) => (await asAdmin(server, rows[0]?.datname ?? '', (admin) => admin.query<{ n: number }>(text))).rows.map((row) => row.n)
    const audit = await read('select subject_id::int as n from audit.event')
    const jobs = new Set(await read(`select (payload->>'n')::int as n from graphile_worker._private_jobs`))
    const there = new Set(audit)
    const lost = [...acknowledged].filter((n) => !there.has(n))
    const half = audit.filter((n) => !jobs.has(n)).length + [...jobs].filter((n) => !there.has(n)).length
    if (lost.length > 0) return [`lost ${lost.slice(0, 5).join(', ')}`]
    if (half > 0) return [`${half} half done`]
    if (there.size !== audit.length) return ['done twice']
    return []
  } finally {
    await server.stop()
  }
}
