import { readdir, readFile, stat } from 'node:fs/promises'
import path from 'node:path'
import { z } from 'zod'
import { VouchsafeError } from '#core/errors'
import { isLoopback } from '../declared/template.ts'
import { parseDeclaredChecks } from '../declared/declaration.ts'
import type { DeclaredCheck } from '../declared/declaration.ts'
import type { SecretProvider } from '../declared/secret.ts'
import { readSource } from '../declared/source.ts'
import { readSenderKey } from '../pushed/observation.ts'
import type { SenderKey } from '../pushed/observation.ts'

const relative = z.string().min(1).max(1_000)
const shape = z.strictObject({
  server: z.string().max(500),
  key: relative,
  checks: relative,
  spool: relative,
  /** Where the value of each secret comes from. */
  secrets: z.record(z.string().max(64), z.strictObject({ env: z.string().max(200).optional(), file: relative.optional() }).refine((one) => (one.env === undefined) !== (one.file === undefined), 'needs env or file')).default({}),
  settings: z.record(z.string().max(64), z.union([z.string(), z.number(), z.boolean()])).default({}),
  allowPrivate: z.boolean().default(true),
  allowCommands: z.boolean().default(true),
})

export interface RunnerConfiguration {
  server: URL
  key: SenderKey
  checks: readonly DeclaredCheck[]
  spool: string
  secrets: SecretProvider
  settings: Readonly<Record<string, string | number | boolean>>
  allowPrivate: boolean
  allowCommands: boolean
}

/**
 * Reads a runner's configuration, its key and its checks. Paths are relative to the file.
 * @throws VouchsafeError `bad-input` for what is wrong in a file, `refused` for a key that others can read
 */
export async function readRunnerConfiguration(file: string, environment: Readonly<Record<string, string | undefined>> = process.env): Promise<RunnerConfiguration> {
  const source = readSource(await readText(file), file)
  const parsed = shape.safeParse(source.value, { reportInput: false })
  if (!parsed.success) {
    const [issue] = parsed.error.issues
    throw new VouchsafeError('bad-input', `${file}, line ${source.lineOf(issue?.path ?? [])}: ${issue?.path.join('.') ?? ''} ${issue?.message ?? ''}.`, { mend: 'See "A runner" in docs/declared-checks.md.' })
  }
  const { data } = parsed
  const at = (name: string): string => path.resolve(path.dirname(file), name)
  const server = serverAddress(data.server)
  return {
    server,
    key: readSenderKey(await readPrivate(at(data.key))),
    checks: await readChecks(at(data.checks)),
    spool: at(data.spool),
    settings: data.settings,
    allowPrivate: data.allowPrivate,
    allowCommands: data.allowCommands,
    secrets: {
      async secret(name) {
        const origin = Object.hasOwn(data.secrets, name) ? data.secrets[name] : undefined
        if (origin?.env !== undefined) return environment[origin.env]
        return origin?.file === undefined ? undefined : readPrivate(at(origin.file))
      },
    },
  }
}

/** Observations name what is wrong inside a network: they go over TLS, or stay on the machine. */
function serverAddress(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined
  if (!url || (url.protocol !== 'https:' && !(url.protocol === 'http:' && isLoopback(url.hostname)))) {
    throw new VouchsafeError('bad-input', `The server ${JSON.stringify(text.slice(0, 100))} is no https address.`, { mend: 'Use https; http is taken for loopback only.' })
  }
  return url
}

/** All `.yaml` and `.yml` files of a folder, in order of their names. */
export async function readChecks(folder: string): Promise<DeclaredCheck[]> {
  const names = await readdir(folder).catch((cause: unknown) => {
    throw new VouchsafeError('bad-input', `The folder of checks ${folder} cannot be read.`, { cause, mend: 'Create it, or name another.' })
  })
  const checks: DeclaredCheck[] = []
  for (const name of names.filter((one) => /\.ya?ml$/.test(one)).sort()) {
    const file = path.join(folder, name)
    for (const check of parseDeclaredChecks(await readText(file), { file })) {
      const other = checks.find(({ id }) => id === check.id)
      if (other) throw new VouchsafeError('bad-input', `${check.id} is declared in ${other.file} and in ${file}.`, { mend: 'Remove one of the two.' })
      checks.push(check)
    }
  }
  return checks
}

async function readText(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8')
  } catch (cause) {
    throw new VouchsafeError('bad-input', `${file} cannot be read.`, { cause, mend: 'Look whether it is there and whether this account may read it.' })
  }
}

/** A file that only its owner may read. @throws VouchsafeError `refused` */
async function readPrivate(file: string): Promise<string> {
  const { mode } = await stat(file).catch((cause: unknown) => {
    throw new VouchsafeError('bad-input', `${file} cannot be read.`, { cause, mend: 'Look whether it is there; a key is made by `vouchsafe runner keygen`.' })
  })
  if ((mode & 0o077) !== 0) throw new VouchsafeError('refused', `${file} can be read by others (mode ${(mode & 0o777).toString(8)}).`, { mend: `chmod 600 ${file}` })
  return readText(file)
}
