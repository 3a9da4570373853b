import { randomBytes } from 'node:crypto'
import { setTimeout as pause } from 'node:timers/promises'
import type { Json } from '@vouchsafe/verify'
import { systemClock } from '#core/clock'
import type { Clock } from '#core/clock'
import { isVouchsafeError, messageOf, VouchsafeError } from '#core/errors'
import type { Check, CheckDefinition, CheckResult, CheckRun } from '../contract.ts'
import type { Line } from './call.ts'
import { runCommand } from './command-check.ts'
import type { DeclaredCheck } from './declaration.ts'
import type { Fetch } from './fetch.ts'
import { HttpRun } from './http-check.ts'
import { RunSecrets } from './secret.ts'
import type { SecretProvider } from './secret.ts'
import type { Scalar } from './template.ts'

/** What whoever runs declared checks gives them. */
export interface DeclaredContext {
  fetch: Fetch
  secrets?: SecretProvider
  /** Whether private and loopback addresses may be called: the operator's word, never the file's. */
  allowPrivate?: boolean
  /** Whether commands may be run at all; default no. */
  allowCommands?: boolean
  /** Values that take the place of settings of the same name, and become part of the definition. */
  settings?: Readonly<Record<string, string | number | boolean>>
  clock?: Clock
  wait?: (ms: number, signal: AbortSignal) => Promise<void>
}

const LANGUAGE = 1 // rises when the meaning of a declaration changes, so that bindings show it

/**
 * Makes a declared check into one that can be run. The definition's revision is the whole declaration as written, with
 * the settings that apply; values of secrets are never in it.
 */
export function toCheck(declared: DeclaredCheck, context: DeclaredContext): Check {
  const settings: Record<string, Scalar> = { ...declared.settings }
  for (const [name, value] of Object.entries(context.settings ?? {})) if (Object.hasOwn(settings, name)) settings[name] = value
  const clock = context.clock ?? systemClock
  const begin = async (signal: AbortSignal, withSecrets = true): Promise<{ run: HttpRun; secrets: RunSecrets }> => {
    const secrets = await RunSecrets.resolve(withSecrets ? declared.secrets : [], context.secrets)
    const startedMs = performance.now()
    const line: Line = {
      fetch: context.fetch,
      signal,
      allowPrivate: context.allowPrivate ?? false,
      remainingMs: () => declared.timeLimit * 1000 - (performance.now() - startedMs),
      wait: context.wait ?? ((ms, signal) => pause(ms, undefined, { signal })),
      now: () => clock.now(),
    }
    return { run: new HttpRun(declared, { settings, secrets, line }), secrets }
  }
  return {
    definition: definitionOf(declared, settings),
    async targets() {
      // A list that the file holds needs no credentials to be read.
      const { run } = await begin(AbortSignal.timeout(declared.timeLimit * 1000), !Array.isArray(declared.targets))
      return (await run.targets()).map(({ name }) => name)
    },
    async run({ signal }: CheckRun): Promise<CheckResult> {
      let redact = (text: string): string => text
      try {
        if (declared.command) {
          if (context.allowCommands !== true) throw new VouchsafeError('not-allowed', 'Commands of declared checks are not allowed here.', { mend: 'Run this check by a runner, or allow commands in its configuration.' })
          const secrets = await RunSecrets.resolve(declared.secrets, context.secrets)
          redact = (text) => secrets.redact(text)
          return await runCommand({ ...declared, command: declared.command }, { settings, secrets, signal, run: { id: randomBytes(16).toString('hex'), at: clock.now().toISOString() } })
        }
        const { run, secrets } = await begin(signal)
        redact = (text) => secrets.redact(text)
        return await run.run()
      } catch (error) {
        // INVARIANT: no error leaves a run unredacted; an address or an echo in it may hold a secret.
        const reason = `${messageOf(error)}${isVouchsafeError(error) && error.mend !== undefined ? ` ${error.mend}` : ''}`
        return { verdict: 'unknown', summary: redact(reason), targets: [], declared: Array.isArray(declared.targets) ? declared.targets.length : 0, evidence: { untold: redact(reason).toWellFormed() } }
      }
    },
  }
}

/** What the declaration comes to as a definition: also for checks that a runner runs and this installation only records. */
export function definitionOf(declared: DeclaredCheck, settings: Readonly<Record<string, Scalar>> = declared.settings): CheckDefinition {
  return {
    id: declared.id,
    kind: 'declared',
    title: declared.title,
    controls: declared.controls,
    cadenceSeconds: declared.cadence,
    freshnessSeconds: declared.freshness,
    confirmations: declared.confirmations,
    maxAttempts: declared.attempts,
    timeLimitSeconds: declared.timeLimit,
    canContradict: declared.canContradict,
    vouching: 'software',
    method: declared.method,
    revision: { language: LANGUAGE, declaration: declared.written, settings: Object.fromEntries(Object.entries(settings).map(([name, value]): [string, Json] => [name, typeof value === 'number' && !Number.isSafeInteger(value) ? String(value) : value])) },
  }
}
