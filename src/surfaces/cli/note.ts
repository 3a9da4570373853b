import { VouchsafeError } from '#core/errors'
import { DATA, dataFolder, operatorClient } from './client.ts'
import { defineCommand } from './command.ts'

export const noteCommand = defineCommand({
  name: 'note',
  summary: 'Put a public note on a broken claim: why, and by when it is mended.',
  usage: `CLAIM --cause TEXT --mend-by DATE --role ROLE [--as NAME] [--data DIR]

  The note stands beside the claim. A mend that is late shows as late.`,
  options: { ...DATA, cause: { type: 'string' }, 'mend-by': { type: 'string' }, role: { type: 'string' }, as: { type: 'string' } },
  least: 1,
  async run({ values, words, terminal }) {
    const { cause, role } = values
    const mendBy = new Date(values['mend-by'] ?? '')
    if (cause === undefined || role === undefined || Number.isNaN(mendBy.getTime())) throw new VouchsafeError('bad-input', 'A note needs its cause, a mend-by date and a role.', { mend: 'Add --cause "…" --mend-by 2026-12-01 --role "Platform team".' })
    await operatorClient(dataFolder(values.data, terminal), values.as).send('POST', `/claims/${words[0]}/note`, { cause, role, mendBy: mendBy.toISOString() })
    terminal.out('The note is on the page.\n')
    return 0
  },
})
