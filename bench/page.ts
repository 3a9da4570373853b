/**
 * The public page of a real installation against nginx that serves the same bytes with the same headers, both loaded by
 * the same generator on loopback: wrk where Debian's is installed, else our own (bench/load.ts). Latency at half of the
 * rate reached is always taken by our own, which keeps to a rate. Each server has one worker process.
 */
import { execFile } from 'node:child_process'
import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { promisify } from 'node:util'
import { startInstallation } from '../test/servers/installation.ts'
import { startNginx } from '../test/servers/nginx.ts'
import { findProgram, freePort } from '../test/servers/programs.ts'
import { median, ms, perSecond, type Bench } from './bench.ts'
import type { Load } from './load.ts'

const run = promisify(execFile)
const root = path.resolve(import.meta.dirname, '..')
const CONNECTIONS = 32
/** In turns, so that whatever else the machine does meets both; the median of them counts. */
const ROUNDS = 3
const SECONDS = 3
/** What browsers send; the answer is then Brotli, as a reader gets it. */
const ENCODINGS = ['br', 'identity'] as const

export const bench: Bench = {
  name: 'page',
  async run(tell) {
    const folder = await mkdtemp(path.join(tmpdir(), 'vouchsafe-bench-page-'))
    await chmod(folder, 0o711) // as root, the database runs as another account, which must be able to pass
    const installation = await startInstallation({ root, data: path.join(folder, 'data'), state: path.join(folder, 'state') })
    try {
      const port = Number(new URL(installation.url).port)
      for (const encoding of ENCODINGS) {
        const { headers, body } = await fetchRaw(port, encoding)
        const peer = findProgram('nginx') === undefined ? undefined : await serveByNginx(path.join(folder, `nginx-${encoding}`), headers, body)
        try {
          const rounds: { own: number; theirs: number }[] = []
          for (let i = 0; i < ROUNDS; i++) rounds.push({ own: await loadFully(port, encoding), theirs: peer ? await loadFully(peer.port, encoding) : Number.NaN })
          const own = median(rounds.map((round) => round.own))
          const theirs = peer && median(rounds.map((round) => round.theirs))
          const half = await loadAt(port, encoding, own / 2)
          const theirHalf = peer && theirs !== undefined ? await loadAt(peer.port, encoding, own / 2) : undefined
          const what = `${encoding === 'br' ? 'page as browsers take it (br)' : 'page without compression'}, ${Math.round(body.length / 1024)} KB`
          tell({
            figure: `${what}: ${perSecond(own)}${theirs === undefined ? '' : `, ${median(rounds.map((round) => round.own / round.theirs)).toFixed(2)}× of nginx`}`,
            aim: '≥ 0.5× of nginx serving the same bytes',
            peers: theirs === undefined ? 'nginx absent' : `nginx, one worker: ${perSecond(theirs)}`,
          })
          tell({
            figure: `${what}, at half that rate: p50 ${ms(half.p50)}, p99 ${ms(half.p99)}${half.failed > 0 ? `, ${half.failed} failed` : ''}`,
            aim: 'p99 ≤ 10 ms',
            peers: theirHalf === undefined ? 'nginx absent' : `nginx at the same rate: p50 ${ms(theirHalf.p50)}, p99 ${ms(theirHalf.p99)}`,
          })
        } finally {
          await peer?.stop()
        }
      }
    } finally {
      await installation.stop()
      await rm(folder, { recursive: true, force: true })
    }
  },
}

async function fetchRaw(port: number, encoding: string): Promise<{ headers: [string, string][]; body: Buffer }> {
  const { request } = await import('node:http')
  return new Promise((resolve, reject) => {
    request({ host: '127.0.0.1', port, path: '/', headers: { 'accept-encoding': encoding } }, (answer) => {
      const parts: Buffer[] = []
      answer.on('data', (part: Buffer) => parts.push(part))
      answer.on('end', () => resolve({ headers: Object.entries(answer.headersDistinct).flatMap(([name, values]) => (values ?? []).map((value): [string, string] => [name, value])), body: Buffer.concat(parts) }))
    })
      .once('error', reject)
      .end()
  })
}

/** Headers that nginx writes by itself. */
const OWN_HEADERS = new Set(['content-length', 'content-type', 'date', 'connection', 'keep-alive', 'etag', 'last-modified', 'transfer-encoding', 'server'])

async function serveByNginx(folder: string, headers: readonly [string, string][], body: Buffer): Promise<{ port: number; stop(): Promise<void> }> {
  await mkdir(folder, { recursive: true })
  await writeFile(path.join(folder, 'index.html'), body)
  const port = await freePort()
  const quoted = (text: string): string => `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`
  const added = headers.filter(([name]) => !OWN_HEADERS.has(name)).map(([name, value]) => `add_header ${name} ${quoted(value)};`)
  const daemon = await startNginx({
    folder,
    // As nginx is tuned for static files: the open file kept, no limit on requests of one connection.
    http: `sendfile on; tcp_nopush on; keepalive_requests 100000000; open_file_cache max=100 inactive=60s;
      server { listen 127.0.0.1:${port}; root ${folder}; ${added.join('\n')} }`,
    ready: [{ address: '127.0.0.1', port }],
  })
  return { port, stop: () => daemon.stop() }
}

/** Requests a second when each connection asks again at once, after a second to warm up. */
async function loadFully(port: number, encoding: string): Promise<number> {
  const wrk = findProgram('wrk')
  if (wrk === undefined) {
    await generate(port, encoding, 1)
    return (await generate(port, encoding, SECONDS)).perSecond
  }
  const args = (seconds: number): string[] => ['-t', '1', '-c', String(CONNECTIONS), '-d', `${seconds}s`, '-H', `Accept-Encoding: ${encoding}`, `http://127.0.0.1:${port}/`]
  await run(wrk, args(1))
  const { stdout } = await run(wrk, args(SECONDS))
  if (/Non-2xx|Socket errors/.test(stdout)) throw new Error(stdout)
  return Number(/Requests\/sec:\s+([\d.]+)/.exec(stdout)?.[1])
}

const loadAt = (port: number, encoding: string, rate: number): Promise<Load> => generate(port, encoding, SECONDS, rate)

async function generate(port: number, encoding: string, seconds: number, rate?: number): Promise<Load> {
  const args = [path.join(import.meta.dirname, 'load.ts'), '127.0.0.1', String(port), '/', String(CONNECTIONS), String(seconds), ...(rate === undefined ? [] : [String(Math.round(rate))])]
  const { stdout } = await run(process.execPath, args, { env: { ...process.env, ACCEPT_ENCODING: encoding } })
  const load = JSON.parse(stdout) as Load
  if (rate === undefined && load.busy > 0.9) console.log(`  (the generator itself took ${Math.round(load.busy * 100)} % of a core: the server may do more)`)
  return load
}
