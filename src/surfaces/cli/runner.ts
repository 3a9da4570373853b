import { resolve } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { outboundDoor } from '#core/check/declared'
import { createRunnerKey, readRunnerConfiguration, runRunner } from '#core/check/runner'
import { systemClock } from '#core/clock'
import { VouchsafeError } from '#core/errors'
import { defineCommand } from './command.ts'

export const runnerCommand = defineCommand({
  name: 'runner',
  summary: 'Run declared checks inside a network of yours, and push what they saw.',
  usage: `CONFIG.yaml
       vouchsafe runner keygen FILE

  keygen   makes the runner's key; the server learns its public half with: vouchsafe key add PUBLIC-KEY --purpose runner
  The configuration is described in docs/declared-checks.md. A runner only calls out; nothing calls in.`,
  options: {},
  least: 1,
  most: 2,
  async run({ words, terminal }) {
    if (words[0] === 'keygen') {
      if (words[1] === undefined) throw new VouchsafeError('bad-input', 'Where shall the key lie? vouchsafe runner keygen FILE')
      const { keyId, publicKey } = await createRunnerKey(resolve(terminal.cwd, words[1]))
      terminal.out(`key id      ${keyId}\npublic key  ${publicKey}\n`)
      return 0
    }
    const configuration = await readRunnerConfiguration(resolve(terminal.cwd, words[0]!), terminal.env)
    const stopping = new AbortController()
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => stopping.abort())
    terminal.out(`runner for ${configuration.server.origin}: ${configuration.checks.length} checks\n`)
    await runRunner(configuration, {
      fetch: outboundDoor,
      clock: systemClock,
      wait: (ms, signal) => sleep(ms, undefined, { signal }).then(() => {}, () => {}),
      report: (line) => terminal.err(`${line}\n`),
      signal: stopping.signal,
    })
    return 0
  },
})
