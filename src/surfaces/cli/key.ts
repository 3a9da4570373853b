import { randomBytes } from 'node:crypto'
import { VouchsafeError } from '#core/errors'
import { DATA, dataFolder, operatorClient } from './client.ts'
import { defineCommand, FORMAT, json, requireFormat, type ExitCode } from './command.ts'
import { table } from './table.ts'

export const keyCommand = defineCommand({
  name: 'key',
  summary: 'List the keys that count, let another one count, stop one; or change the root key.',
  usage: `list
       vouchsafe key add PUBLIC-KEY --purpose runner|sender|attestation --role TEXT [--as NAME]
       vouchsafe key revoke KEY-ID [--as NAME]
       vouchsafe key rotate-root [--to URI] [--data DIR]

  PUBLIC-KEY   of Ed25519: 64 hexadecimal digits, or Base 64 as "vouchsafe runner keygen" shows it
  --role TEXT  what the page may call its holder: "scanner in the build system"
  Keys are public and in the log; one that was revoked never counts again.

  rotate-root  wraps every key of the stopped installation by another root key; cut short, the next call ends it
  --to URI     file:PATH, awskms:KEY?region=…, gcpkms:projects/…/cryptoKeys/…, vault:KEY?address=… (default: where it is now)`,
  options: { ...FORMAT, ...DATA, purpose: { type: 'string' }, role: { type: 'string' }, to: { type: 'string' }, as: { type: 'string' } },
  least: 1,
  most: 2,
  async run({ values, words, terminal }): Promise<ExitCode> {
    const [action, what] = words
    const asJson = requireFormat(values.format, ['text', 'json']) === 'json'
    // Loaded only here: it needs key ring and lock, the others need neither.
    if (action === 'rotate-root') return (await import('./root-key.ts')).rotate(dataFolder(values.data, terminal), values.to, asJson, terminal)
    const client = operatorClient(dataFolder(values.data, terminal), values.as)
    if (action === 'list') {
      const { items } = await client.get<{ items: { keyId: string; purpose: string; role: string; revokedAt?: string }[] }>('/keys')
      const rows = items.map((key) => [key.keyId, key.purpose, key.role, key.revokedAt === undefined ? '' : `revoked ${key.revokedAt}`])
      terminal.out(asJson ? json(items) : items.length === 0 ? 'Only the installation’s own key counts; no other was added.\n' : `${table(rows)}\n`)
      return 0
    }
    if (what === undefined) throw new VouchsafeError('bad-input', `Which key? vouchsafe key ${action} …`, { mend: 'See vouchsafe key --help.' })
    if (action === 'add') {
      if (values.purpose === undefined || values.role === undefined) throw new VouchsafeError('bad-input', 'A key needs its --purpose and the --role of its holder.')
      const added = await client.send<{ keyId: string }>('POST', '/keys', { publicKey: hexOf(what), purpose: values.purpose, role: values.role, holder: randomBytes(16).toString('hex') })
      terminal.out(asJson ? json(added) : `It counts from now on: ${added.keyId}\n`)
      return 0
    }
    if (action === 'revoke') {
      await client.send('DELETE', `/keys/${what}`)
      terminal.out('It counts no longer. What it signed before stays signed.\n')
      return 0
    }
    throw new VouchsafeError('bad-input', `There is no "key ${action}".`, { mend: 'Use list, add, revoke or rotate-root.' })
  },
})

/** Both spellings of 32 bytes; what is neither goes on as it is, and is refused with the reason. */
const hexOf = (key: string): string => (/^[A-Za-z0-9+/]{43}=$/.test(key) ? Buffer.from(key, 'base64').toString('hex') : key.toLowerCase())
