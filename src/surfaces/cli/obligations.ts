import { readFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import { DATA, dataFolder, operatorClient } from './client.ts'
import { defineCommand, FORMAT, json, requireFormat } from './command.ts'
import { table } from './table.ts'

export const obligationsCommand = defineCommand({
  name: 'obligations',
  summary: 'Promises with a clock: what runs, what is due, what was missed.',
  usage: `[--format text|json] [--data DIR]
       vouchsafe obligations calendar [--zone ZONE] [--ics FILE] [--as NAME]

  calendar   shows or sets what business days are counted on; holidays come from an iCalendar file`,
  options: { ...FORMAT, ...DATA, zone: { type: 'string' }, ics: { type: 'string' }, as: { type: 'string' } },
  most: 1,
  async run({ values, words, terminal }) {
    const asJson = requireFormat(values.format, ['text', 'json']) === 'json'
    const client = operatorClient(dataFolder(values.data, terminal), values.as)
    if (words[0] === 'calendar') {
      const before = await client.get<Record<string, unknown>>('/calendar')
      const calendar =
        values.zone === undefined && values.ics === undefined
          ? before
          : await client.send<Record<string, unknown>>('PUT', '/calendar', {
              calendar: { ...before, ...(values.zone === undefined ? {} : { timeZone: values.zone }) },
              ...(values.ics === undefined ? {} : { ics: await readFile(resolve(terminal.cwd, values.ics), 'utf8') }),
            })
      terminal.out(json(calendar))
      return 0
    }
    const { items, warnings } = await client.get<{ items: { obligation: string; subject: string; state: string; text: string }[]; warnings: unknown[] }>('/obligations')
    const rows = items.map((item) => [item.state === 'breached' ? '✕' : item.state === 'met' ? '✓' : '·', item.obligation, item.text, item.subject])
    terminal.out(asJson ? json({ items, warnings }) : items.length === 0 ? 'No promise has a clock yet: attestations and promised mends start one.\n' : `${table(rows)}\n`)
    return items.some((item) => item.state === 'breached') ? 1 : 0
  },
})
