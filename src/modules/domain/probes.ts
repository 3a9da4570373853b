import type { Json } from '@vouchsafe/verify'
import { PROBES, readTarget, type CheckReport, type Probe, type ProbeOptions, type VerifyOpenPgp } from '@vouchsafe/verify/probe'
import { verdictOf, type Check, type TargetObservation } from '#core/check'
import type { Clock } from '#core/clock'
import { parseControlId } from '#core/control'
import { messageOf } from '#core/errors'

export interface DomainParts {
  /** Declared hosts, `name` or `name:port`, in a stable order. */
  hosts(): Promise<readonly string[]>
  /** Whether probes may reach private and loopback addresses: from the operator's own settings only. */
  allowPrivate: boolean
  clock: Clock
  verifyOpenPgp?: VerifyOpenPgp
  /** DNS servers and roots besides the machine's own. */
  network?: Pick<ProbeOptions, 'resolver' | 'trust'>
}

/** Hosts looked at side by side: a hundred declared hosts must fit into the time limit. */
const AT_ONCE = 8
const EXCHANGE_MS = 10_000
const VISIT_MS = 60_000

/** The probes that strangers can run with `vouchsafe probe` and `verify --recheck`, as checks over the declared hosts. */
export const domainChecks = (parts: DomainParts): readonly Check[] => PROBES.map((probe) => probeCheck(probe, parts))

/** DKIM keys stand under selectors that only a signed mail names; of BIMI no probe is written. */
const UNSEEN_OF_MAIL = ['DKIM', 'DomainKeys', 'BIMI'] as const

function probeCheck(probe: Probe, parts: DomainParts): Check {
  return {
    definition: {
      id: `domain/${probe.id}`,
      kind: 'built-in',
      title: probe.title,
      controls: [parseControlId(probe.control)],
      cadenceSeconds: probe.cadenceSeconds,
      freshnessSeconds: 3 * probe.cadenceSeconds,
      // An hourly probe may meet a server that is just restarting; a daily one would take two days to say so.
      confirmations: probe.cadenceSeconds < 86_400 ? 2 : 1,
      maxAttempts: 1, // what could not be seen is looked at a second time within the run
      timeLimitSeconds: 15 * 60,
      canContradict: true,
      vouching: 'recheckable',
      ...(probe.advisory ? { namedOnly: true as const } : {}),
      ...(probe.control === 'email-authentication' ? { silentOn: UNSEEN_OF_MAIL } : {}),
      method: `Runs the probe ${probe.id} against every declared host from this machine, as \`vouchsafe probe\` does from any other; a host that could not be seen is tried once more.`,
      revision: 1,
    },
    targets: parts.hosts,
    async run({ at, signal }) {
      const hosts = await parts.hosts()
      if (hosts.length === 0) return { verdict: 'unknown', summary: 'waiting for a public address: no host is declared', targets: [], declared: 0, evidence: {} }
      const reports = new Map<string, CheckReport | string>()
      const waiting = [...hosts]
      const worker = async (): Promise<void> => {
        for (let host = waiting.shift(); host !== undefined && !signal.aborted; host = waiting.shift()) reports.set(host, await lookTwice(probe, host, { ...parts, at }))
      }
      await Promise.all(Array.from({ length: AT_ONCE }, worker))
      const targets = hosts.flatMap((host) => observationOf(host, reports.get(host)))
      const evidence: Record<string, Json> = {}
      for (const [host, report] of reports) if (typeof report !== 'string') evidence[`seen of ${host}`] = report.observation
      const verdict = verdictOf(targets)
      return { verdict: targets.length < hosts.length && verdict === 'holds' ? 'unknown' : verdict, summary: summaryOf(targets, hosts.length), targets, declared: hosts.length, evidence }
    },
  }
}

async function lookTwice(probe: Probe, host: string, { at, allowPrivate, verifyOpenPgp, network }: DomainParts & { at: Date }): Promise<CheckReport | string> {
  const options: ProbeOptions = { at, timeoutMs: EXCHANGE_MS, totalMs: VISIT_MS, allowPrivate, ...(verifyOpenPgp === undefined ? {} : { verifyOpenPgp }), ...network }
  try {
    const target = readTarget(host)
    const first = await probe.run(target, options)
    return first.verdict === 'unknown' ? await probe.run(target, options) : first
  } catch (error) {
    return messageOf(error)
  }
}

function observationOf(host: string, report: CheckReport | string | undefined): TargetObservation[] {
  if (report === undefined) return []
  return [typeof report === 'string' ? { target: host, verdict: 'unknown', summary: report } : { target: host, verdict: report.verdict, summary: report.summary }]
}

function summaryOf(targets: readonly TargetObservation[], declared: number): string {
  const worst = targets.find(({ verdict }) => verdict === 'fails') ?? targets.find(({ verdict }) => verdict === 'unknown')
  if (worst) return `${worst.target}: ${worst.summary}`
  const [only] = targets
  return targets.length === 1 && only ? only.summary : `holds for ${targets.length} of ${declared} declared hosts`
}
