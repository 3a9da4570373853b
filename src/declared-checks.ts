import { existsSync, lstatSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parse } from 'yaml'
import { z } from 'zod'
import { fromHex } from '@vouchsafe/verify'
import { definitionDigest, listBindings, requireDistinct, standing, type Check, type CheckDefinition, type CheckEngine, type CheckId, type CheckTables } from '#core/check'
import { definitionOf, outboundDoor, parseDeclaredChecks, secondsOf, toCheck, type DeclaredCheck, type SecretProvider } from '#core/check/declared'
import { verifyObservation, verifyRequest, type Sender } from '#core/check/pushed'
import type { Clock } from '#core/clock'
import { isControlId, type ControlId } from '#core/control'
import type { Change, OrganisationDatabase } from '#core/database'
import { messageOf, VouchsafeError } from '#core/errors'
import { listKeys } from '#core/statement'

/** A company's own checks: run here, run by runners inside its networks, or pushed by its other tools. */
export interface DeclaredChecks {
  /** Run here. */
  checks: readonly Check[]
  /** Recorded here and run elsewhere. */
  pushed: ReadonlyMap<CheckId, CheckDefinition>
  push(bytes: Uint8Array, parts: { db: OrganisationDatabase; engine: CheckEngine; clock: Clock }): Promise<{ check: string; recorded: number }>
  schedule(authorization: string | undefined, parts: { db: OrganisationDatabase; at: Date }): Promise<readonly RunnerSlot[]>
}

export interface RunnerSlot {
  check: CheckId
  start: string
  cadenceSeconds: number
  maxAttempts: number
  definition: string
}

const seconds = z.string().transform((text, context) => {
  const length = secondsOf(text)
  if (length !== undefined) return length
  context.addIssue({ code: 'custom', message: 'must be a length of time such as "1h" or "1 day"' })
  return z.NEVER
})

/** What another tool pushes: the definition alone, since how it observes is the tool's affair. */
const PushedDeclaration = z.strictObject({
  id: z.string().regex(/^[a-z0-9]+(-[a-z0-9]+)*\/[a-z0-9]+(-[a-z0-9]+)*$/, 'must read <subject>/<noun> in lower case'),
  title: z.string().min(1).max(200),
  method: z.string().min(1).max(300),
  controls: z.array(z.string().refine((word): word is ControlId => isControlId(word), 'is no control of the catalogue')).min(1).max(20),
  cadence: seconds,
  freshness: seconds.optional(),
  confirmations: z.number().int().min(1).max(10).default(1),
  canContradict: z.boolean().default(false),
  /** Ids of the keys that may report on it. */
  senders: z.array(z.string().regex(/^[0-9a-f]{64}$/, 'is no key id')).min(1).max(50),
})

/**
 * Reads the folder of declared checks: `*.yaml` are run here, `runner/*.yaml` by runners, `pushed/*.yaml` by other tools.
 * A file that cannot be read stops the start, and says why.
 */
export async function loadDeclaredChecks(folder: string, options: { allowPrivate: boolean; allowCommands: boolean; clock: Clock; secrets: SecretProvider }): Promise<DeclaredChecks> {
  const here = readFolder(folder)
  const byRunners = readFolder(join(folder, 'runner'))
  const pushed = readPushed(join(folder, 'pushed'))
  const elsewhere = [...byRunners.map((declared) => definitionOf(declared)), ...pushed.map(({ definition }) => definition)]
  requireDistinct(elsewhere)
  const definitions: ReadonlyMap<CheckId, CheckDefinition> = new Map(elsewhere.map((definition) => [definition.id, definition]))

  const senders = async (db: OrganisationDatabase, keyId: string): Promise<Sender | undefined> => {
    const keys = (await listKeys(db)).filter((key) => key.keyId === keyId && !key.revokedAt)
    const [first] = keys
    if (!first) return undefined
    const allowed = [
      ...(keys.some((key) => key.purpose === 'runner') ? byRunners.map((declared) => declared.id) : []),
      ...(keys.some((key) => key.purpose === 'sender') ? pushed.filter((entry) => entry.senders.includes(keyId)).map((entry) => entry.definition.id) : []),
    ]
    return { publicKey: fromHex(first.publicKey), checks: allowed }
  }

  return {
    checks: here.map((declared) => toCheck(declared, { fetch: outboundDoor, secrets: options.secrets, allowPrivate: options.allowPrivate, allowCommands: options.allowCommands, clock: options.clock })),
    pushed: definitions,
    async push(bytes, { db, engine, clock }) {
      const seen = {
        has: async (sender: string, nonce: string) =>
          (await db.app.withTables<CheckTables>().selectFrom('check.pushed').select('nonce').where('sender', '=', sender).where('nonce', '=', nonce).execute()).length > 0,
      }
      const { keyId, observation, result, observedAt, attempts } = await verifyObservation(bytes, { keyById: (id) => senders(db, id), at: clock.now(), seen })
      const definition = definitions.get(observation.check)
      if (!definition) throw new VouchsafeError('not-found', `No check ${observation.check} is pushed here.`)
      const digest = definitionDigest(definition)
      if (observation.definition !== undefined && observation.definition !== digest) throw new VouchsafeError('conflict', `${observation.check} was run under another definition than the one declared here.`, { mend: 'Give runner and server the same file, then restart both.' })
      // A sender's clock may be two minutes ahead; nothing is observed in a slot that has not begun.
      const recorded = await engine.record({ definition, result, attempts, observedAt: new Date(Math.min(observedAt.getTime(), clock.now().getTime())) })
      // After the result: a crash in between lets the sender try again, and the slot keeps its one entry either way.
      await db.change({ actor: { kind: 'sender', name: keyId.slice(0, 16) }, action: 'observation.push', subject: { kind: 'check', id: observation.check }, detail: { verdict: result.verdict, recorded } }, async (tx: Change<CheckTables>) => {
        await tx.db
          .insertInto('check.pushed')
          .values({ sender: keyId, nonce: observation.nonce, check_id: observation.check, observed_at: observedAt, received_at: tx.at, observation: JSON.stringify({ verdict: result.verdict, summary: result.summary }) })
          .onConflict((conflict) => conflict.doNothing())
          .execute()
      })
      return { check: observation.check, recorded }
    },
    async schedule(authorization, { db, at }) {
      const { sender } = await verifyRequest(authorization, 'GET', '/api/v1/runner/schedule', { keyById: (id) => senders(db, id), at })
      const bindings = standing(await listBindings(db)).filter((binding) => sender.checks.includes(binding.checkId))
      // Several claims may rest on one check; their slots run apart, and the newest binding sets the pace.
      const newest = new Map(bindings.map((binding) => [binding.checkId, binding]))
      return [...newest.values()].map((binding) => ({
        check: binding.checkId,
        start: binding.predicate.start,
        cadenceSeconds: binding.cadenceSeconds,
        maxAttempts: binding.predicate.maxAttempts,
        definition: binding.predicate.check.definition,
      }))
    },
  }
}

/**
 * Secrets of declared checks: a 0600 file of that name in a folder, else the environment variable VOUCHSAFE_SECRET_<NAME>.
 * Values go into requests and nowhere else.
 */
export const secretsIn = (folder: string, environment: Readonly<Record<string, string | undefined>>): SecretProvider => ({
  async secret(name) {
    if (!/^[A-Za-z][A-Za-z0-9_-]{0,99}$/.test(name)) return undefined
    const file = join(folder, name)
    if (!existsSync(file)) return environment[`VOUCHSAFE_SECRET_${name.toUpperCase().replaceAll('-', '_')}`]
    const mode = lstatSync(file).mode & 0o777
    if ((mode & 0o077) !== 0) throw new VouchsafeError('refused', `The secret ${name} is open to others (mode ${mode.toString(8)}).`, { mend: `Run \`chmod 600 ${file}\`; if others could have read it, replace the secret.` })
    return readFileSync(file, 'utf8').trim()
  },
})

const yamlFiles = (folder: string): string[] => (existsSync(folder) ? readdirSync(folder).filter((name) => /\.ya?ml$/.test(name)).sort() : [])

const readFolder = (folder: string): DeclaredCheck[] => yamlFiles(folder).flatMap((name) => parseDeclaredChecks(readFileSync(join(folder, name), 'utf8'), { file: name }))

function readPushed(folder: string): { definition: CheckDefinition; senders: readonly string[] }[] {
  return yamlFiles(folder).flatMap((name) => {
    const text = readFileSync(join(folder, name), 'utf8')
    let value: unknown
    try {
      value = parse(text, { maxAliasCount: 20 })
    } catch (cause) {
      throw new VouchsafeError('bad-input', `${name} is not YAML: ${messageOf(cause)}`, { mend: 'Mend the file, then start again.', cause })
    }
    const parsed = z.array(PushedDeclaration).safeParse(Array.isArray(value) ? value : [value])
    if (!parsed.success) {
      const issue = parsed.error.issues[0]
      throw new VouchsafeError('bad-input', `${name}: ${issue?.path.join('.') ?? ''} ${issue?.message ?? ''}.`, { mend: 'See "Pushed observations" in docs/declared-checks.md.' })
    }
    return parsed.data.map((declared) => ({
      senders: declared.senders,
      definition: {
        id: declared.id,
        kind: 'pushed' as const,
        title: declared.title,
        controls: declared.controls,
        cadenceSeconds: declared.cadence,
        freshnessSeconds: declared.freshness ?? 2 * declared.cadence,
        confirmations: declared.confirmations,
        maxAttempts: 1,
        timeLimitSeconds: Math.min(60, declared.cadence),
        canContradict: declared.canContradict,
        vouching: 'software' as const,
        method: declared.method,
        revision: { pushed: declared.method, senders: declared.senders },
      },
    }))
  })
}
