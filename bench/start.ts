/**
 * First start in a fresh data folder with everything installed, and later starts, to the first whole answer of the page.
 * The peer, Gatus, is built from the Go module proxy into a temporary folder where `go` is present.
 */
import { execFile, spawn } from 'node:child_process'
import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import { processesOn, startInstallation } from '../test/servers/installation.ts'
import { freePort } from '../test/servers/programs.ts'
import { median, ms, type Bench } from './bench.ts'

const root = path.resolve(import.meta.dirname, '..')
const LATER_STARTS = 3
const GATUS = 'github.com/TwiN/gatus/v5@v5.23.2'

export const bench: Bench = {
  name: 'start',
  async run(tell) {
    const folder = await mkdtemp(path.join(tmpdir(), 'vouchsafe-bench-start-'))
    await chmod(folder, 0o711) // as root, the database runs as another account, which must be able to pass
    try {
      const setup = { root, data: path.join(folder, 'data'), state: path.join(folder, 'state') }
      const first = await startInstallation(setup)
      await first.stop()
      const later: { firstPageMs: number; stopMs: number }[] = []
      for (let i = 0; i < LATER_STARTS; i++) {
        const { firstPageMs, stop } = await startInstallation(setup)
        const asked = performance.now()
        await stop()
        later.push({ firstPageMs, stopMs: performance.now() - asked })
      }
      const left = processesOn(folder).length
      const peer = await measureGatus(path.join(folder, 'gatus'))
      tell({ figure: `first start, fresh data folder: first page after ${ms(first.firstPageMs)}, every check run after ${ms(first.summaryMs)}`, aim: '≤ 120 s from a fresh clone; ≤ 3,000 ms to the first page where all is installed', peers: peer })
      tell({ figure: `later starts: first page after ${ms(median(later.map(({ firstPageMs }) => firstPageMs)))}, slowest of ${LATER_STARTS} ${ms(Math.max(...later.map(({ firstPageMs }) => firstPageMs)))}`, aim: '≤ 3,000 ms', peers: peer })
      tell({ figure: `stop: ${ms(median(later.map(({ stopMs }) => stopMs)))}, ${left} processes left running`, aim: 'nothing left running', peers: '-' })
    } finally {
      await rm(folder, { recursive: true, force: true })
    }
  },
}

/** Its page has no database, no log and no checks of its own beside one endpoint: it is the lower bound of a status page. */
async function measureGatus(folder: string): Promise<string> {
  await mkdir(folder, { recursive: true })
  try {
    await promisify(execFile)('go', ['install', GATUS], { env: { ...process.env, GOBIN: folder, GOFLAGS: '-mod=mod' }, timeout: 300_000 })
  } catch (error) {
    const { code, stderr } = error as { code?: unknown; stderr?: string }
    return code === 'ENOENT' ? 'Gatus absent (no go)' : `Gatus absent (it could not be built: ${(stderr ?? String(error)).trim().split('\n').at(-1)?.trim().slice(0, 160)})`
  }
  const port = await freePort()
  const config = path.join(folder, 'config.yaml')
  await writeFile(config, `web:\n  address: 127.0.0.1\n  port: ${port}\nendpoints:\n  - name: self\n    url: "http://127.0.0.1:${port}/health"\n    interval: 60s\n    conditions: ["[STATUS] == 200"]\n`)
  const took: number[] = []
  for (let i = 0; i < LATER_STARTS; i++) {
    const began = performance.now()
    const child = spawn(path.join(folder, 'gatus'), [], { env: { ...process.env, GATUS_CONFIG_PATH: config }, stdio: 'ignore' })
    const ended = new Promise((resolve) => child.once('exit', resolve))
    try {
      while (!(await fetch(`http://127.0.0.1:${port}/`).then(async (answer) => (await answer.text()).length > 0 && answer.ok, () => false))) {
        if (performance.now() - began > 20_000) return 'Gatus absent (built, but it did not start)'
        await sleep(5)
      }
      took.push(performance.now() - began)
    } finally {
      child.kill()
      await ended
    }
  }
  return `Gatus, in memory, one endpoint: ${ms(median(took))}`
}
