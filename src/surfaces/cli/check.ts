import { VouchsafeError } from '#core/errors'
import { DATA, dataFolder, operatorClient } from './client.ts'
import { defineCommand, FORMAT, json, requireFormat } from './command.ts'
import { VERDICT_MARKS, wrap } from './table.ts'

interface Run {
  check: string
  control: string
  verdict: 'holds' | 'fails' | 'unknown'
  summary: string
  targets: { target: string; verdict: string; summary: string }[]
}

export const checkCommand = defineCommand({
  name: 'check',
  summary: 'Run checks of the installation now, and print their verdicts.',
  usage: `[ID…] [--format text|json] [--data DIR]

  Without an id, all that can be run here. A run is recorded only where a slot is open and has no result yet.
  Exit code 1 when one fails, 3 when none fails and one could not tell.`,
  options: { ...FORMAT, ...DATA },
  most: 200,
  async run({ values, words, terminal }) {
    const asJson = requireFormat(values.format, ['text', 'json']) === 'json'
    const data = dataFolder(values.data, terminal)
    const client = operatorClient(data)
    const { items } = await client.get<{ items: { id: string; kind: string }[] }>('/checks?limit=200')
    const runnable = items.filter((item) => item.kind !== 'pushed').map((item) => item.id)
    const unknown = words.filter((word) => !runnable.includes(word))
    if (unknown.length > 0) throw new VouchsafeError('not-found', `No check is called ${unknown.join(', ')}.`, { mend: `There are: ${runnable.join(', ')}.` })
    const runs: Run[] = []
    for (const id of words.length > 0 ? words : runnable) {
      const run = await client.send<Run>('POST', '/runs', { check: id })
      runs.push(run)
      if (!asJson) terminal.out(`${VERDICT_MARKS[run.verdict]} ${run.check}\n  ${wrap(run.summary, 90, '  ')}\n`)
    }
    if (asJson) terminal.out(json({ host: 'installation', checks: runs.map((run) => ({ id: run.check, control: run.control, verdict: run.verdict, summary: run.summary, observation: { targets: run.targets } })) }))
    return runs.some((run) => run.verdict === 'fails') ? 1 : runs.some((run) => run.verdict === 'unknown') ? 3 : 0
  },
})
