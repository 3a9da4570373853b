import { countStates, listSnapshots, readSettings } from '#core/page'
import { VouchsafeError } from '#core/errors'
import { openInstallation, type Installation } from '../../installation.ts'
import { DATA, dataFolder } from './client.ts'
import { defineCommand, type Terminal } from './command.ts'
import { summary } from './policy.ts'

const BAR_WIDTH = 20

export const startCommand = defineCommand({
  name: 'start',
  summary: 'Start server, worker and embedded database in one.',
  usage: `[--data DIR] [--port N] [--host ADDRESS] [--database-url URL] [--objects-url URL] [--public-url URL]
                 [--trusted-proxy ADDRESS…] [--root-key URI] [--checks DIR] [--allow-private] [--allow-commands]

  --data DIR          where everything is kept (default: data/)
  --port N            default 7443; 0 takes a free one
  --host ADDRESS      default 127.0.0.1: put a reverse proxy with TLS in front of it
  --database-url URL  a PostgreSQL of your own, 15 or later, instead of the embedded one
  --objects-url URL   s3://bucket/prefix?endpoint=…&region=… for evidence and tiles (keys from AWS_* variables)
  --root-key URI      which key wraps all others: file:PATH, awskms:KEY?region=…, gcpkms:projects/…/cryptoKeys/…, vault:KEY?address=…
                      (default: a file in the data folder); chosen at the first start, changed by "vouchsafe key rotate-root"
  --public-url URL    where readers reach the page
  --trusted-proxy A   address or network of a reverse proxy whose X-Forwarded-For counts; may be given more than once
                      (default: this machine, once there is a public address; else none)
  --checks DIR        folder of declared checks (default: checks/ in the data folder)
  --allow-private     let imports, declared checks and webhooks reach private networks
  --allow-commands    let declared checks run commands on this machine`,
  options: {
    ...DATA,
    port: { type: 'string', default: '7443' },
    host: { type: 'string', default: '127.0.0.1' },
    'database-url': { type: 'string' },
    'objects-url': { type: 'string' },
    'public-url': { type: 'string' },
    'root-key': { type: 'string' },
    checks: { type: 'string' },
    'trusted-proxy': { type: 'string', multiple: true },
    'allow-private': { type: 'boolean' },
    'allow-commands': { type: 'boolean' },
  },
  async run({ values, terminal }) {
    const port = Number(values.port)
    if (!Number.isInteger(port) || port < 0 || port > 65_535) throw new VouchsafeError('bad-input', `"${values.port}" is no port.`, { mend: 'Use 0 to 65535; 0 takes a free one.' })
    const databaseUrl = values['database-url'] ?? terminal.env['VOUCHSAFE_DATABASE_URL']
    const rootKey = values['root-key'] ?? terminal.env['VOUCHSAFE_ROOT_KEY']
    const stopping = new AbortController()
    const stopped = new Promise<void>((resolve) => {
      for (const signal of ['SIGINT', 'SIGTERM'] as const) {
        process.on(signal, () => {
          stopping.abort()
          resolve()
        })
      }
    })
    const installation = await openInstallation({
      data: dataFolder(values.data, terminal),
      host: values.host ?? '127.0.0.1',
      port,
      ...(databaseUrl === undefined ? {} : { databaseUrl }),
      ...(values['objects-url'] === undefined ? {} : { objectsUrl: values['objects-url'] }),
      ...(rootKey === undefined ? {} : { rootKey }),
      ...(values['public-url'] === undefined ? {} : { publicUrl: values['public-url'] }),
      ...(values.checks === undefined ? {} : { checks: values.checks }),
      ...(values['trusted-proxy'] === undefined ? {} : { trustedProxies: values['trusted-proxy'].flatMap((text) => text.split(',')) }),
      allowPrivate: values['allow-private'] === true,
      allowCommands: values['allow-commands'] === true,
      say: (label, text) => terminal.out(` ${label.padEnd(10)} ${text}\n`),
      bar: (done, of, note) => drawBar(terminal, done, of, note),
      signal: stopping.signal,
    })
    if (!stopping.signal.aborted) terminal.out(await welcome(installation))
    await stopped
    terminal.out('\n stopping   finishing what is under way …\n')
    await installation.stop()
    terminal.out(' stopped    nothing is left running\n')
    return 0
  },
})

function drawBar(terminal: Terminal, done: number, of: number, note: string): void {
  const filled = Math.round((done / Math.max(of, 1)) * BAR_WIDTH)
  const line = ` checks     [${'█'.repeat(filled)}${'░'.repeat(BAR_WIDTH - filled)}] ${done} of ${of}   ${note}`
  if (terminal.interactive) terminal.out(`\r\u001b[2K${line}${done === of ? '\n' : ''}`)
  // Where nobody watches, a line at each quarter is enough.
  else if (done === of || done % Math.ceil(of / 4) === 0) terminal.out(`${line}\n`)
}

async function welcome({ url, organisation, log, setUpCode }: Installation): Promise<string> {
  const [snapshot] = await listSnapshots(organisation.database, { most: 1 })
  const states = snapshot?.predicate.claims.map((claim) => claim.state) ?? []
  const counts = countStates(states)
  const published = snapshot?.predicate.status === 'published'
  const seen = published ? '' : (await readSettings(organisation.database)).publicUrl === undefined ? '(visible on this machine only until you publish)' : '(not published: see it with npx vouchsafe policy preview)'
  return [
    ` log        ${await log.size()} entries, checkpoint signed`,
    '',
    ` ${summary(states) || 'no statement yet'}${counts.unknown > 0 && !published ? '   (unknown until this runs in public)' : ''}`,
    ` The page     ${url}/      ${seen}`,
    ` Console      ${url}/console${setUpCode === undefined ? '' : `      set-up code  ${setUpCode}  (15 minutes, once)`}`,
    ` Next         npx vouchsafe import your-security-page.md`,
    '              Ctrl-C stops everything.',
    '',
  ].join('\n')
}
