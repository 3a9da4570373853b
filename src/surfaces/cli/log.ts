import { createPrivateKey, createPublicKey, generateKeyPairSync, sign } from 'node:crypto'
import { appendFile, mkdir, readFile, writeFile } from 'node:fs/promises'
import { existsSync, lstatSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { parseVkey, type Signer } from '@vouchsafe/verify'
import { verifyUrl } from '@vouchsafe/verify/node'
import { systemClock } from '#core/clock'
import { VouchsafeError } from '#core/errors'
import { isLoopbackHost } from '#core/organisation'
import { createWitness, folderSource, fsck, serveWitness, urlSource } from '#core/log'
import { succeedLog } from '../../succession.ts'
import { DATA, dataFolder, operatorClient } from './client.ts'
import { defineCommand, FORMAT, json, requireFormat, type ExitCode, type Terminal } from './command.ts'

const SUBCOMMANDS = ['status', 'fsck', 'succeed', 'witness', 'ask', 'dismiss']

export const logCommand = defineCommand({
  name: 'log',
  summary: 'Audit a log, be a witness of one, or begin a successor.',
  usage: `status [--data DIR]
       vouchsafe log fsck URL|DIR [--vkey KEY] [--allow-private]
       vouchsafe log witness --name NAME --log VKEY… [--port N] [--dir DIR] [--observe URL]
       vouchsafe log ask URL --vkey KEY [--own] [--observer KEY]   (ask a witness from now on)
       vouchsafe log dismiss --vkey KEY                            (ask it no longer)
       vouchsafe log succeed --reason TEXT [--data DIR] [--database-url URL] [--objects-url URL]

  fsck       recomputes every tile and the root, and reads every statement; URL is where /checkpoint lies, such as https://…/log
  witness    cosigns the checkpoints of the logs named, and never a fork; --observe also probes the page at URL
  succeed    after a rollback: a new log whose first entry names the last thing known of the old; the installation is
             stopped, and database and objects are named as for start
  --format   text or json`,
  options: {
    ...FORMAT,
    ...DATA,
    vkey: { type: 'string' },
    name: { type: 'string' },
    log: { type: 'string', multiple: true },
    port: { type: 'string', default: '7444' },
    dir: { type: 'string', default: 'witness' },
    observe: { type: 'string' },
    reason: { type: 'string' },
    'database-url': { type: 'string' },
    'objects-url': { type: 'string' },
    own: { type: 'boolean' },
    observer: { type: 'string' },
    as: { type: 'string' },
    'allow-private': { type: 'boolean' },
  },
  least: 1,
  most: 2,
  async run({ values, words, terminal }): Promise<ExitCode> {
    const [action, where] = words
    const asJson = requireFormat(values.format, ['text', 'json']) === 'json'
    const data = dataFolder(values.data, terminal)
    switch (action) {
      case 'status': {
        const status = await operatorClient(data).get<{ origin: string; size: number; root: string; vkey: string; since: string; witnesses: { name: string; operator: string; lastAt: string | null }[] }>('/log')
        const witnesses = status.witnesses.map((witness) => `  witness  ${witness.name} (${witness.operator === 'own' ? 'our own' : 'independent'}), ${witness.lastAt ?? 'has not cosigned yet'}`)
        terminal.out(asJson ? json(status) : `origin   ${status.origin}\nsize     ${status.size}\nroot     ${status.root}\nkey      ${status.vkey}\nsince    ${status.since}\n${witnesses.length === 0 ? '  no witness is asked yet' : witnesses.join('\n')}\n`)
        return 0
      }
      case 'fsck': {
        if (where === undefined) throw new VouchsafeError('bad-input', 'Which log? Give its address or folder.', { mend: 'vouchsafe log fsck https://…/log' })
        const source = /^https?:\/\//.test(where) ? urlSource(where, { allowPrivate: values['allow-private'] === true || isLoopbackHost(new URL(where).host) }) : folderSource(resolve(terminal.cwd, where))
        const report = await fsck(source, { at: new Date(), ...(values.vkey === undefined ? {} : { vkey: values.vkey }) })
        const text = `${report.ok ? '✓' : '✕'} ${report.origin || where}: ${report.size} entries, root ${report.root || 'unknown'}\n${report.problems.map((problem) => `  ✕ ${problem}\n`).join('')}${report.notes.map((note) => `  · ${note}\n`).join('')}`
        terminal.out(asJson ? json(report) : text)
        return report.ok ? 0 : 1
      }
      case 'witness':
        return runWitness(values, terminal)
      case 'ask': {
        if (where === undefined || values.vkey === undefined) throw new VouchsafeError('bad-input', 'A witness has an address and a key.', { mend: 'vouchsafe log ask https://witness.example --vkey KEY; add --own when you run it yourself.' })
        await operatorClient(data, values.as).send('POST', '/log/witnesses', { url: where, vkey: values.vkey, operator: values.own ? 'own' : 'other', ...(values.observer === undefined ? {} : { observerVkey: values.observer }) })
        terminal.out('It is asked from now on.\n')
        return 0
      }
      case 'dismiss': {
        if (values.vkey === undefined) throw new VouchsafeError('bad-input', 'Which witness? Give its --vkey.')
        await operatorClient(data, values.as).send('DELETE', `/log/witnesses?vkey=${encodeURIComponent(values.vkey)}`)
        terminal.out('It is asked no longer.\n')
        return 0
      }
      case 'succeed': {
        if (values.reason === undefined) throw new VouchsafeError('bad-input', 'Why? The reason is public for ever.', { mend: 'Add --reason "restored from the backup of 3 November".' })
        const databaseUrl = values['database-url'] ?? terminal.env['VOUCHSAFE_DATABASE_URL']
        const storage = { data, ...(databaseUrl === undefined ? {} : { databaseUrl }), ...(values['objects-url'] === undefined ? {} : { objectsUrl: values['objects-url'] }) }
        const { origin, predecessor } = await succeedLog(storage, values.reason)
        terminal.out(asJson ? json({ origin, predecessor }) : `The successor is ${origin}.\nIt names ${predecessor.origin} at size ${predecessor.size}. Start the installation as before.\n`)
        return 0
      }
      default:
        throw new VouchsafeError('bad-input', `There is no "log ${action}".`, { mend: `Use one of: ${SUBCOMMANDS.join(', ')}.` })
    }
  },
})

interface WitnessValues {
  name?: string | undefined
  log?: string[] | undefined
  port?: string | undefined
  dir?: string | undefined
  observe?: string | undefined
  'allow-private'?: boolean | undefined
}

async function runWitness(values: WitnessValues, terminal: Terminal): Promise<ExitCode> {
  if (values.name === undefined || !values.log?.length) throw new VouchsafeError('bad-input', 'A witness has a --name, and a --log to cosign for.', { mend: 'vouchsafe log witness --name witness.example/w1 --log "$(curl -s https://…/log/vkey)"' })
  const dir = resolve(terminal.cwd, values.dir ?? 'witness')
  await mkdir(dir, { recursive: true, mode: 0o700 })
  const report = (problem: string): void => terminal.err(`${problem}\n`)
  const observed = values.observe
  let newest: string | undefined
  const witness = await createWitness({
    dir,
    name: values.name,
    signer: await fileSigner(join(dir, 'key.pem')),
    logs: values.log.map((vkey) => parseVkey(vkey.trim())),
    clock: systemClock,
    ...(observed === undefined
      ? {}
      : {
          observe: {
            name: `${values.name}/observer`,
            signer: await fileSigner(join(dir, 'observer-key.pem')),
            // The same program and the same probes that any reader can run.
            look: async () => {
              const seen = await verifyUrl(observed, { at: Date.now(), memory: join(dir, 'memory'), recheck: { at: new Date(), timeoutMs: 10_000, ...(values['allow-private'] ? { allowPrivate: true } : {}) } })
              return { ok: seen.ok, claims: recheckedClaims(seen.claims ?? (seen.state ? { [seen.state.claim]: seen } : {})) }
            },
            publish: async (note: string) => {
              await appendFile(join(dir, 'observations'), `${note}\n`)
              newest = note
            },
            report,
          },
        }),
  })
  const port = Number(values.port ?? '7444')
  const serving = await serveWitness(witness, { port, report, observation: async () => newest })
  terminal.out(`witness   ${serving.url}\nkey       ${witness.vkey}\n${witness.observerVkey === undefined ? '' : `observer  ${witness.observerVkey}\n`}`)
  await new Promise<void>((done) => {
    process.once('SIGINT', done)
    process.once('SIGTERM', done)
  })
  await serving.close()
  return 0
}

/** Of each claim that anyone can recheck: whether this machine saw the same, in every probe of it. */
function recheckedClaims(claims: Readonly<Record<string, { steps: readonly { name: string; ok: boolean | 'unknown' }[] }>>): Record<string, boolean | 'unknown'> {
  return Object.fromEntries(
    Object.entries(claims).flatMap(([id, report]) => {
      const seen = report.steps.filter((step) => step.name === 'recheck').map((step) => step.ok)
      return seen.length === 0 ? [] : [[id, seen.includes(false) ? false : seen.includes('unknown') ? ('unknown' as const) : true]]
    }),
  )
}

/** An Ed25519 key in a 0600 file, made at first use. */
async function fileSigner(file: string): Promise<Signer> {
  if (!existsSync(file)) await writeFile(file, generateKeyPairSync('ed25519').privateKey.export({ format: 'pem', type: 'pkcs8' }), { mode: 0o600, flag: 'wx' })
  const mode = lstatSync(file).mode & 0o777
  if (mode !== 0o600) throw new VouchsafeError('refused', `${file} is open to others (mode ${mode.toString(8)}).`, { mend: `Run \`chmod 600 ${file}\`; if others could have read it, begin with a new key and name.` })
  const privateKey = createPrivateKey(await readFile(file))
  return { publicKey: createPublicKey(privateKey).export({ format: 'der', type: 'spki' }).subarray(-32), sign: async (message) => sign(null, message, privateKey) }
}
