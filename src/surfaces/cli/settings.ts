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
  accent=#0c6b5b  showTargets=true|false  holdBackHours=0…72`,
  options: { ...FORMAT, ...DATA, as: { type: 'string' } },
  most: 20,
  async run({ values, words, terminal }) {
    const asJson = requireFormat(values.format, ['text', 'json']) === 'json'
    const client = operatorClient(dataFolder(values.data, terminal), values.as)
    const change = Object.fromEntries(words.map(readSetting))
    const settings = words.length === 0 ? await client.get<Record<string, unknown>>('/settings') : await client.send<Record<string, unknown>>('PATCH', '/settings', change)
    const rows = Object.entries(settings).map(([name, value]) => [name, Array.isArray(value) ? value.join(', ') : String(value)])
    terminal.out(asJson ? json(settings) : rows.length === 0 ? 'Nothing is set yet.\n' : `${table(rows)}\n`)
    return 0
  },
})

function readSetting(word: string): [string, unknown] {
  const at = word.indexOf('=')
  if (at < 1) throw new VouchsafeError('bad-input', `"${word}" is not NAME=VALUE.`, { mend: 'Such as name="Example Ltd".' })
  const name = word.slice(0, at)
  const value = word.slice(at + 1)
  if (LISTS.has(name)) return [name, value.split(',').map((part) => part.trim()).filter(Boolean)]
  if (value === 'true' || value === 'false') return [name, value === 'true']
  return [name, name === 'holdBackHours' ? Number(value) : value]
}
