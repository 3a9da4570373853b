import { parseArgs } from 'node:util'
import { VerifyError } from '../errors.ts'
import { parseVkey } from '../log/note.ts'
import { parseWitnessPolicy } from '../log/witness-policy.ts'
import { exitCodeOf, formatReport, harmless, reportJson } from './format.ts'
import { readBounded, verifyFile } from './file.ts'
import { verifyUrl } from './url.ts'

export const VERIFY_HELP = `Usage: vouchsafe verify URL|FILE… [options]

Verifies a page, a claim, a statement, a proof or a piece of evidence. For a page in a file, give the files of its
claims after it; for a proof, the file of its entry.

  --vkey KEY               the log's key, from a source other than the page
  --witness-policy FILE    the witnesses that you trust, and how many must have cosigned (c2sp.org/tlog-policy)
  --recheck                run the probes of recheckable claims from this machine, too
  --target HOST[:PORT]     what to recheck; else what the page names, else the page's own host (may be repeated)
  --allow-private          let --recheck reach private and loopback addresses
  --entry FILE             the entry that a proof is about, as served at /log/entry/<n>
  --memory FOLDER          where to remember checkpoints (default ~/.local/state/vouchsafe/verify)
  --no-memory              remember nothing, and compare with nothing
  --no-dns                 do not look for the log's key in DNS
  --format text|json       how to report
  --help

Exit status: 0 good, 1 found something, 2 wrong use, 3 could not tell.
`

/** @returns the exit status; what there is to say goes through `out` and `err` */
export async function runVerify(args: readonly string[], io: { at: number; out(text: string): void; err(text: string): void }): Promise<0 | 1 | 2 | 3> {
  const wrong = (message: string): 2 => {
    io.err(`${harmless(message)}\nSee vouchsafe verify --help.\n`)
    return 2
  }
  let parsed: ReturnType<typeof parse>
  try {
    parsed = parse(args)
  } catch (error) {
    return wrong((error as Error).message)
  }
  const { values, positionals } = parsed
  if (values.help) {
    io.out(VERIFY_HELP)
    return 0
  }
  const [what, ...more] = positionals
  if (what === undefined) return wrong('What is to be verified? Give an address or a file.')
  const format = values.format ?? 'text'
  if (format !== 'text' && format !== 'json') return wrong('--format is text or json.')

  try {
    if (values.vkey !== undefined) parseVkey(values.vkey)
    const policy = values['witness-policy'] === undefined ? undefined : parseWitnessPolicy(await readBounded(values['witness-policy'], 1_000_000))
    const shared = {
      at: io.at,
      ...(values.vkey === undefined ? {} : { vkey: values.vkey }),
      ...(policy ? { policy } : {}),
      ...(values['no-memory'] ? { memory: false as const } : values.memory === undefined ? {} : { memory: values.memory }),
    }
    if (isAddress(what) && more.length > 0) return wrong('One address at a time.')
    if (!isAddress(what) && values.recheck) return wrong('--recheck needs an address, not a file.')
    const report = isAddress(what)
      ? await verifyUrl(what, {
          ...shared,
          dns: !values['no-dns'],
          ...(values.recheck ? { recheck: { at: new Date(io.at), timeoutMs: 10_000, ...(values.target ? { targets: values.target } : {}), ...(values['allow-private'] ? { allowPrivate: true } : {}) } } : {}),
        })
      : await verifyFile(what, { ...shared, claims: more, ...(values.entry === undefined ? {} : { entry: values.entry }) })
    io.out(format === 'json' ? reportJson(report) : formatReport(report, what))
    return exitCodeOf(report)
  } catch (error) {
    if (!(error instanceof VerifyError)) throw error
    // What could not be opened could not be judged; what the reader gave wrongly is the reader's to mend.
    if (error.code === 'unreachable') {
      io.err(`${harmless(error.message)}\n`)
      return 3
    }
    return wrong(error.message)
  }
}

const isAddress = (text: string): boolean => /^https?:\/\//i.test(text)

function parse(args: readonly string[]) {
  return parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      vkey: { type: 'string' },
      'witness-policy': { type: 'string' },
      recheck: { type: 'boolean' },
      target: { type: 'string', multiple: true },
      'allow-private': { type: 'boolean' },
      entry: { type: 'string' },
      memory: { type: 'string' },
      'no-memory': { type: 'boolean' },
      'no-dns': { type: 'boolean' },
      format: { type: 'string' },
      help: { type: 'boolean', short: 'h' },
    },
  })
}
