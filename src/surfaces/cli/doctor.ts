import { accessSync, constants, existsSync, lstatSync, statfsSync } from 'node:fs'
import { dirname } from 'node:path'
import { createServer } from 'node:net'
import { isVouchsafeError, messageOf } from '#core/errors'
import { DATA, dataFolder, operatorClient } from './client.ts'
import { defineCommand, FORMAT, json, requireFormat } from './command.ts'
import { table } from './table.ts'

/** One line. What could not be told is no fault found, and nothing good either. */
export interface Finding {
  name: string
  ok: boolean | 'unknown'
  detail: string
  mend?: string
}

const MARKS = { true: '✓', false: '✕', unknown: '?' } as const
const LEAST_FREE_BYTES = 1024 ** 3 // the database alone takes 50 MB a month of a busy page; below 1 GiB a night can fill it

export const doctorCommand = defineCommand({
  name: 'doctor',
  summary: 'Say what is wrong with this installation, and how to mend it.',
  usage: `[--data DIR] [--port N] [--format text|json]

  Works whether or not the installation runs; what only a running one knows is left out otherwise.
  ✓ good   ✕ wrong: exit code 1   ? could not be told: exit code 3, where nothing is wrong`,
  options: { ...FORMAT, ...DATA, port: { type: 'string', default: '7443' } },
  async run({ values, terminal }) {
    const asJson = requireFormat(values.format, ['text', 'json']) === 'json'
    const data = dataFolder(values.data, terminal)
    const findings: Finding[] = [runtime(), folder(data), space(data), await (await import('./root-key.ts')).rootKeyFinding(data, terminal.env)]
    try {
      const { checks } = await operatorClient(data).get<{ checks: Finding[] }>('/doctor')
      findings.push({ name: 'running', ok: true, detail: `answers on ${data}` }, ...checks)
    } catch (error) {
      const absent = isVouchsafeError(error, 'unavailable')
      findings.push({ name: 'running', ok: false, detail: messageOf(error), ...(isVouchsafeError(error) && error.mend !== undefined ? { mend: error.mend } : {}) })
      if (absent) findings.push(await port(Number(values.port)))
    }
    const rows = findings.map(({ ok, name, detail, mend }) => [MARKS[String(ok) as 'true'], name, detail + (ok === true || mend === undefined ? '' : ` → ${mend}`)])
    const good = findings.every(({ ok }) => ok === true)
    terminal.out(asJson ? json({ ok: good, checks: findings }) : `${table(rows)}\n`)
    return good ? 0 : findings.some(({ ok }) => ok === false) ? 1 : 3
  },
})

function runtime(): Finding {
  const major = Number(process.versions.node.split('.')[0])
  return major >= 24 ? { name: 'runtime', ok: true, detail: `Node ${process.versions.node}` } : { name: 'runtime', ok: false, detail: `Node ${process.versions.node} is too old`, mend: 'Start with `npm start` or `bin/vouchsafe`, which find or fetch Node 24.' }
}

function folder(data: string): Finding {
  if (!existsSync(data)) return { name: 'data folder', ok: true, detail: `${data} will be made at the first start` }
  const mode = lstatSync(data).mode & 0o777
  // Others may pass through it to the database's own folder; they may neither list nor write.
  if ((mode & 0o006) !== 0) return { name: 'data folder', ok: false, detail: `${data} is open to every user (mode ${mode.toString(8)})`, mend: `chmod o-rwx ${data}` }
  try {
    accessSync(data, constants.W_OK)
  } catch {
    return { name: 'data folder', ok: false, detail: `${data} cannot be written`, mend: 'Run as its owner, or give this user the folder.' }
  }
  return { name: 'data folder', ok: true, detail: data }
}

function space(data: string): Finding {
  let at = data
  while (!existsSync(at) && at !== dirname(at)) at = dirname(at) // where it will be made
  const { bavail, bsize } = statfsSync(at)
  const free = bavail * bsize
  const detail = `${(free / 1024 ** 3).toFixed(1)} GiB free`
  return free >= LEAST_FREE_BYTES ? { name: 'disk', ok: true, detail } : { name: 'disk', ok: false, detail, mend: 'Make room, or move the data folder to a larger disk.' }
}

function port(number: number): Promise<Finding> {
  return new Promise((resolve) => {
    const server = createServer()
    server.once('error', (error: NodeJS.ErrnoException) => resolve({ name: 'port', ok: false, detail: `${number} cannot be opened (${error.code})`, mend: 'Stop the program that has it, or start with --port N.' }))
    server.listen(number, '127.0.0.1', () => server.close(() => resolve({ name: 'port', ok: true, detail: `${number} is free` })))
  })
}
