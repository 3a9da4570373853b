import { readFile, stat } from 'node:fs/promises'
import { resolve } from 'node:path'
import { VouchsafeError } from '#core/errors'
import { DATA, dataFolder, operatorClient } from './client.ts'
import { defineCommand, FORMAT, json, requireFormat } from './command.ts'
import { table } from './table.ts'

const LISTS = new Set(['hosts', 'contacts'])

export const settingsCommand = defineCommand({
  name: 'settings',
  summary: 'Show or change what the installation knows about the organisation.',
  usage: `[NAME=VALUE…] [--as NAME] [--format text|json] [--data DIR]

  name="Example Ltd"   how the page calls the organisation
  publicUrl=https://…  where the page is reached
  hosts=a.example,b.example:8443   the hosts that domain checks cover
  contacts=mailto:security@a.example   for security.txt
  accent=#0c6b5b  showTargets=true|false  holdBackHours=0…72
  securityTxtExpires=2027-03-01T00:00:00Z   until when security.txt may be relied on
  timestampUrl=https://…  timestampCertificate=@tsa.pem   an RFC 3161 authority, and the certificate its tokens are pinned to

  NAME=@FILE           takes the value from a file`,
  options: { ...FORMAT, ...DATA, as: { type: 'string' } },
  most: 20,
  async run({ values, words, terminal }) {
    const asJson = requireFormat(values.format, ['text', 'json']) === 'json'
    const client = operatorClient(dataFolder(values.data, terminal), values.as)
    const change = Object.fromEntries(await Promise.all(words.map((word) => readSetting(word, terminal.cwd))))
    const settings = words.length === 0 ? await client.get<Record<string, unknown>>('/settings') : await client.send<Record<string, unknown>>('PATCH', '/settings', change)
    const rows = Object.entries(settings).map(([name, value]) => [name, Array.isArray(value) ? value.join(', ') : String(value)])
    terminal.out(asJson ? json(settings) : rows.length === 0 ? 'Nothing is set yet.\n' : `${table(rows)}\n`)
    return 0
  },
})

async function readSetting(word: string, cwd: string): Promise<[string, unknown]> {
  const at = word.indexOf('=')
  if (at < 1) throw new VouchsafeError('bad-input', `"${word}" is not NAME=VALUE.`, { mend: 'Such as name="Example Ltd".' })
  const name = word.slice(0, at)
  const given = word.slice(at + 1)
  const value = given.startsWith('@') ? await readValue(given.slice(1), cwd) : given
  if (LISTS.has(name)) return [name, value.split(',').map((part) => part.trim()).filter(Boolean)]
  if (value === 'true' || value === 'false') return [name, value === 'true']
  return [name, name === 'holdBackHours' ? Number(value) : value]
}

/** A setting is some lines at most: a certificate. */
const LARGEST_VALUE_BYTES = 100_000

async function readValue(name: string, cwd: string): Promise<string> {
  const file = resolve(cwd, name)
  const found = await stat(file).catch((cause: NodeJS.ErrnoException) => {
    throw new VouchsafeError('not-found', `${name} cannot be read (${cause.code}).`, { mend: 'NAME=@FILE takes the value from a file: check its name, and that you may read it.', cause })
  })
  if (!found.isFile() || found.size > LARGEST_VALUE_BYTES) throw new VouchsafeError('bad-input', `${name} holds no setting.`, { mend: `Give a file of at most ${LARGEST_VALUE_BYTES} bytes.` })
  return (await readFile(file, 'utf8')).trim()
}
