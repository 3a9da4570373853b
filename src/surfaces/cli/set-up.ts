import { DATA, dataFolder, operatorClient } from './client.ts'
import { defineCommand, FORMAT, json, requireFormat } from './command.ts'

export const setUpCommand = defineCommand({
  name: 'set-up',
  summary: 'Print a new set-up code, which lets the first owner into the console.',
  usage: `[--as NAME] [--format text|json] [--data DIR]

  The code works once, for 15 minutes, and until somebody has typed five wrong ones. It ends the code that was printed before.
  Once there has been an owner, no code is made any more.`,
  options: { ...FORMAT, ...DATA, as: { type: 'string' } },
  async run({ values, terminal }) {
    const asJson = requireFormat(values.format, ['text', 'json']) === 'json'
    const made = await operatorClient(dataFolder(values.data, terminal), values.as).send<{ code: string; expiresAt: string }>('POST', '/set-up/code')
    terminal.out(asJson ? json(made) : `set-up code  ${made.code}  (15 minutes, once; open /console/set-up and type it in)\n`)
    return 0
  },
})
