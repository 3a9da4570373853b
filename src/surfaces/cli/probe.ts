import { formatProbe, probeHost, readTarget } from '@vouchsafe/verify/probe'
import { verifyOpenPgp } from '#modules/domain'
import { defineCommand, FORMAT, json, requireFormat } from './command.ts'

export const probeCommand = defineCommand({
  name: 'probe',
  summary: 'Check a host from outside: TLS, headers, DNS, security.txt. Needs no server.',
  usage: `HOST[:PORT] [--format text|json] [--timeout SECONDS] [--resolver ADDRESS] [--allow-private]

  --timeout SECONDS   for each connection (default 10)
  --resolver ADDRESS  the DNS server to ask (default: the system's)
  --allow-private     also a host within a private network
  Exit code 1 when a check fails, 3 when none fails and one could not tell.`,
  options: { ...FORMAT, timeout: { type: 'string', default: '10' }, resolver: { type: 'string' }, 'allow-private': { type: 'boolean' } },
  least: 1,
  async run({ values, words, terminal }) {
    const asJson = requireFormat(values.format, ['text', 'json']) === 'json'
    const target = readTarget(words[0]!)
    const reports = await probeHost(target, {
      at: new Date(),
      timeoutMs: Math.max(1, Math.min(120, Number(values.timeout) || 10)) * 1000,
      verifyOpenPgp,
      ...(values['allow-private'] ? { allowPrivate: true } : {}),
      ...(values.resolver === undefined ? {} : { resolver: { servers: [values.resolver] } }),
    })
    terminal.out(asJson ? json({ host: words[0], checks: reports }) : `${formatProbe(reports)}\n`)
    return reports.some((report) => report.verdict === 'fails') ? 1 : reports.some((report) => report.verdict === 'unknown') ? 3 : 0
  },
})
