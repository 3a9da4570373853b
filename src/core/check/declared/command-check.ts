import { z } from 'zod'
import type { Json, Verdict } from '@vouchsafe/verify'
import { verdictOf } from '../contract.ts'
import type { CheckResult, TargetObservation } from '../contract.ts'
import { show } from './assertion.ts'
import type { Command, DeclaredCheck } from './declaration.ts'
import { summarise } from './http-check.ts'
import { DEFAULT_LIMITS, runContained } from './process.ts'
import type { CommandOutcome, ProcessLimits } from './process.ts'
import type { RunSecrets } from './secret.ts'
import { fill } from './template.ts'
import type { Scalar, Scope } from './template.ts'

const verdict = z.enum(['holds', 'fails', 'unknown'])
const report = z.strictObject({
  verdict,
  summary: z.string().min(1).max(500),
  targets: z.array(z.strictObject({ target: z.string(), verdict, summary: z.string().max(500) })).max(10_000).optional(),
  evidence: z.record(z.string().max(100), z.unknown()).optional(),
})

const SHOWN_OUTPUT = 2_000

/**
 * Runs a declared command: once for all targets, or once for each. With `verdict: exit` the exit code 0 holds, 1 fails,
 * anything else is unknown; with `verdict: json` standard output is `{verdict, summary, targets?, evidence?}` and the exit code must be 0.
 */
export async function runCommand(check: DeclaredCheck & { command: Command }, parts: { settings: Readonly<Record<string, Scalar>>; secrets: RunSecrets; signal: AbortSignal; run: { id: string; at: string } }): Promise<CheckResult> {
  const { command } = check
  const { secrets, settings, run } = parts
  const scopeOf = (name?: string): Scope => ({ settings, secrets, kept: new Map(), run, ...(name !== undefined && { target: { name, members: {} } }) })
  const names = Array.isArray(check.targets) ? check.targets.map((name) => fill(name, scopeOf())) : []
  const targets: TargetObservation[] = []
  const evidence: Record<string, Json> = {}
  const runs: Json[] = []
  const once = async (name?: string): Promise<CommandOutcome> => {
    const scope = scopeOf(name)
    const outcome = await runContained({
      argv: command.run.map((word) => fill(word, scope)),
      env: Object.fromEntries(Object.entries(command.env ?? {}).map(([key, value]) => [key, fill(value, scope)])),
      stdin: Buffer.from(command.stdin === undefined ? '' : fill(command.stdin, scope)),
      limits: limitsOf(command),
      signal: parts.signal,
    })
    runs.push({ ...(name !== undefined && { target: name }), end: { ...outcome.end }, stdout: readable(outcome.stdout, secrets, SHOWN_OUTPUT), stderr: readable(outcome.stderr, secrets, SHOWN_OUTPUT), stragglers: outcome.stragglers })
    return outcome
  }
  if (command.perTarget) {
    for (const name of names) {
      const told = judged(await once(name), command, secrets, [name])
      targets.push(told.targets[0] ?? { target: name, verdict: told.verdict, summary: told.summary })
      if (told.evidence) evidence[`told ${name}`.slice(0, 100)] = told.evidence
    }
  } else {
    const told = judged(await once(), command, secrets, names)
    targets.push(...(told.targets.length > 0 ? told.targets : names.map((target) => ({ target, verdict: told.verdict, summary: told.summary }))))
    if (told.evidence) evidence['told'] = told.evidence
    // What a command says of the whole stands beside what it says of each: the weaker counts.
    const whole = verdictOf([...targets, { verdict: told.verdict }])
    return { verdict: whole, summary: told.summary, targets, declared: names.length, evidence: { ...evidence, runs } }
  }
  return { verdict: verdictOf(targets), summary: summarise(targets), targets, declared: names.length, evidence: { ...evidence, runs } }
}

function limitsOf({ limits = {} }: Command): ProcessLimits {
  return {
    memoryMegabytes: limits.memoryMegabytes ?? DEFAULT_LIMITS.memoryMegabytes,
    processes: limits.processes ?? DEFAULT_LIMITS.processes,
    cpuSeconds: limits.cpuSeconds ?? DEFAULT_LIMITS.cpuSeconds,
    fileMegabytes: limits.fileMegabytes ?? DEFAULT_LIMITS.fileMegabytes,
    outputBytes: limits.outputKilobytes === undefined ? DEFAULT_LIMITS.outputBytes : limits.outputKilobytes * 1024,
  }
}

interface Told {
  verdict: Verdict
  summary: string
  targets: TargetObservation[]
  evidence?: Json
}

function judged(outcome: CommandOutcome, command: Command, secrets: RunSecrets, names: readonly string[]): Told {
  const untold = (summary: string): Told => ({ verdict: 'unknown', summary, targets: [] })
  const { end } = outcome
  const errorLine = readable(outcome.stderr, secrets, 200).split('\n', 1)[0] ?? ''
  const said = errorLine === '' ? '' : ` It said: ${errorLine}`
  if (end.kind === 'not-started') return untold(`The command did not start (${end.reason}). Look whether the program is installed where this check runs.`)
  if (end.kind === 'stopped') return untold(end.why === 'time' ? 'The command did not end within the time limit and was stopped.' : 'The command wrote more than its limit of output and was stopped.')
  if (end.kind === 'signalled') return untold(`The command was ended by ${end.signal}.${said}`)
  if (command.verdict === 'exit') {
    const line = readable(outcome.stdout, secrets, 300).split('\n', 1)[0] ?? ''
    if (end.code !== 0 && end.code !== 1) return untold(end.code === 127 || end.code === 126 ? `The program cannot be run (exit code ${end.code}).${said}` : `The command ended with exit code ${end.code}, which says neither holds nor fails.${said}`)
    return { verdict: end.code === 0 ? 'holds' : 'fails', summary: line === '' ? `exit code ${end.code}` : line, targets: [] }
  }
  if (end.code !== 0) return untold(`The command ended with exit code ${end.code}; a report counts only with 0.${said}`)
  let parsed: ReturnType<typeof report.safeParse>
  try {
    parsed = report.safeParse(JSON.parse(Buffer.from(outcome.stdout).toString()))
  } catch {
    return untold('The command wrote no JSON report on standard output.')
  }
  if (!parsed.success) return untold(`The command's report is not of the form {verdict, summary, targets?, evidence?}: ${parsed.error.issues[0]?.path.join('.') ?? ''} ${parsed.error.issues[0]?.message ?? ''}`.trim())
  const { data } = parsed
  const strange = data.targets?.find(({ target }) => !names.includes(target))
  if (strange) return untold(`The command's report names a target that was not declared: ${show(strange.target, 80)}.`)
  const missing = data.targets ? names.filter((name) => !data.targets?.some(({ target }) => target === name)) : []
  const targets = [...(data.targets ?? []), ...missing.map((target) => ({ target, verdict: 'unknown' as const, summary: 'the command did not report on it' }))]
  return {
    verdict: data.verdict,
    summary: show(secrets.redact(data.summary), 480),
    targets: targets.map((target) => ({ ...target, summary: show(secrets.redact(target.summary), 300) })),
    ...(data.evidence && { evidence: plain(data.evidence, secrets) }),
  }
}

function readable(bytes: Uint8Array, secrets: RunSecrets, most: number): string {
  return show(secrets.redact(Buffer.from(bytes).toString('utf8')).trim(), most)
}

/** Evidence as canonical JSON can hold it: fractions become text. */
function plain(value: unknown, secrets: RunSecrets, depth = 0): Json {
  if (depth > 40) return 'deeper than is kept'
  if (typeof value === 'string') return secrets.redact(value).toWellFormed()
  if (typeof value === 'number') return Number.isSafeInteger(value) && !Object.is(value, -0) ? value : String(value)
  if (value === null || typeof value === 'boolean') return value
  if (Array.isArray(value)) return value.map((member) => plain(member, secrets, depth + 1))
  return Object.fromEntries(Object.entries(value as object).map(([key, member]) => [secrets.redact(key), plain(member, secrets, depth + 1)]))
}
