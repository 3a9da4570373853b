import { z } from 'zod'
import { decodeStatement, fromBase64, verifyDisclosure } from '@vouchsafe/verify'
import { definitionDigest, findRun, latestRuns, type CheckDefinition } from '#core/check'
import { MAX_OBSERVATION_BYTES } from '#core/check/pushed'
import { VouchsafeError } from '#core/errors'
import { routesOf } from '#core/module'
import { spine } from './contract.ts'
import { cut, pageOf, PageQuery } from './cursor.ts'
import { decidingPerson } from './deciding.ts'
import type { SpineParts } from './parts.ts'
import { factsOf, requireAct, seen } from './visible.ts'

const route = routesOf(spine)
const CheckId = z.string().max(120)
const RunOut = z.object({
  check: z.string(),
  control: z.string(),
  verdict: z.string(),
  summary: z.string(),
  observedAt: z.string(),
  attempts: z.number(),
  declared: z.number(),
  targets: z.array(z.object({ target: z.string(), verdict: z.string(), summary: z.string() })),
  /** Digest of the definition that it ran under. */
  definition: z.string(),
  recorded: z.number().optional(),
  run: z.string().optional(),
})
const DefinitionOut = z.looseObject({ id: z.string(), digest: z.string() })

export function checkRoutes({ db, engine, definitions, refresh, push, schedule, evidenceBundle, vault, naming, underWay }: SpineParts) {
  const require = (id: string) => {
    const definition = definitions().get(id)
    if (definition) return definition
    throw new VouchsafeError('not-found', `There is no check "${id}".`, { mend: 'See /api/v1/checks for what there is.' })
  }
  const factsOfCheck = ({ id, title, controls, kind }: CheckDefinition) => ({ id, title, controls: [...controls], kind })
  const aboutEvidence = {
    record: 'evidence',
    load: async ({ run }: { run: string }) => {
      const found = await findRun(db, run)
      return found && { run, check: found.run.checkId }
    },
  } as const
  return [
    route({
      on: 'GET /checks',
      permit: 'anyone',
      summary: 'What is checked: every definition, with the digest that bindings name',
      query: PageQuery,
      reply: pageOf(DefinitionOut),
      async handle({ query }) {
        const items = [...definitions().values()].map((definition) => ({ ...definition, digest: definitionDigest(definition) }))
        return { body: cut(items, query, (item) => item.id) }
      },
    }),
    route({
      on: 'GET /runs',
      permit: 'check.read',
      summary: 'The newest run of each check',
      query: z.object({ check: CheckId.optional() }),
      reply: z.object({ items: z.array(RunOut.partial()) }),
      async handle({ query, access }) {
        if (query.check !== undefined) access.requireSortable('run', 'check')
        const runs = await latestRuns(db, query.check)
        return {
          body: {
            items: access.visibleAll('run', runs.map((run) => ({
              check: run.checkId,
              control: definitions().get(run.checkId)?.controls[0] ?? '',
              verdict: run.verdict,
              summary: run.summary,
              observedAt: run.observedAt.toISOString(),
              attempts: run.attempts,
              definition: run.definition,
              declared: run.declared,
              targets: [...run.targets],
              run: run.id,
            })), (run) => factsOf(run, 'observedAt')),
          },
        }
      },
    }),
    route({
      on: 'POST /runs',
      permit: 'check.run',
      summary: 'Run a check now; it is recorded only where a slot is open, so that nobody reruns until green',
      body: z.strictObject({ check: CheckId }),
      reply: RunOut.partial(),
      async handle({ body, access, at }) {
        const definition = require(body.check)
        requireAct(access, 'check', 'run', factsOfCheck(definition))
        if (definition.kind === 'pushed') throw new VouchsafeError('unsupported', `Check ${definition.id} is pushed by another tool and cannot be run here.`)
        const outcome = await underWay.during({ kind: 'run', what: body.check, since: at, of: 1 }, () => engine.observe(body.check))
        const recorded = await engine.record(outcome)
        if (recorded > 0) await refresh()
        const { result, attempts, observedAt } = outcome
        const run = { check: body.check, control: definition.controls[0] ?? '', verdict: result.verdict, summary: result.summary, observedAt: observedAt.toISOString(), attempts, definition: definitionDigest(definition), declared: result.declared, targets: [...result.targets] }
        return { body: { ...seen(access, 'run', run, factsOf(run, 'observedAt')), recorded } }
      },
    }),
    route({
      on: 'POST /runs/{run}/disclosure',
      permit: 'evidence.read',
      summary: 'A bundle that opens the named fields of one run’s evidence, and proves them against the log',
      params: z.object({ run: z.uuid() }),
      about: aboutEvidence,
      body: z.strictObject({ fields: z.array(z.string().max(200)).max(200) }),
      reply: z.unknown(),
      async handle({ params, body, access }) {
        const facts = await aboutEvidence.load(params)
        if (!access.allows({ verb: 'read', record: 'evidence', name: 'body', ...(facts === undefined ? {} : { facts }) })) throw new VouchsafeError('not-allowed', 'You may not read what was observed.', { mend: 'Ask an administrator for a role that reads evidence.' })
        return { body: await evidenceBundle(params.run, body.fields) }
      },
    }),
    route({
      on: 'GET /runs/{run}/evidence',
      permit: 'evidence.read',
      summary: 'What one run observed, field by field; that somebody looked is kept in the audit trail',
      params: z.object({ run: z.uuid() }),
      about: aboutEvidence,
      reply: z.object({ run: z.string(), check: z.string(), observedAt: z.string(), definition: z.string(), fields: z.record(z.string(), z.unknown()) }),
      async handle({ params, actor, access }) {
        const facts = await aboutEvidence.load(params)
        if (!access.allows({ verb: 'read', record: 'evidence', name: 'body', ...(facts === undefined ? {} : { facts }) })) throw new VouchsafeError('not-allowed', 'You may not read what was observed.', { mend: 'Ask an administrator for a role that reads evidence.' })
        const found = await findRun(db, params.run)
        if (!found?.run.evidence) throw new VouchsafeError('not-found', 'There is no such run.')
        const { run } = found
        const kept = await vault.open(found.run.evidence)
        const evidence = decodeStatement(fromBase64(kept.envelope.payload))
        if (evidence.kind !== 'evidence') throw new VouchsafeError('corrupt', 'What is kept of this run is no evidence.')
        // Where the look cannot be recorded, nothing is shown.
        await db.change({ actor: await decidingPerson(actor, naming), action: 'evidence.read', subject: { kind: 'run', id: params.run } }, async () => {})
        const fields = Object.fromEntries(kept.disclosures.map((disclosure) => verifyDisclosure(evidence.predicate, disclosure)).map(({ name, value }) => [name, value]))
        return { body: { run: params.run, check: run.checkId, observedAt: run.observedAt.toISOString(), definition: run.definition, fields } }
      },
    }),
    route({
      on: 'DELETE /runs/{run}/evidence',
      permit: 'evidence.erase',
      summary: 'Erase the evidence of one run for good; its commitment stays in the log',
      stepUp: true,
      params: z.object({ run: z.uuid() }),
      about: aboutEvidence,
      reply: z.object({ ok: z.boolean() }),
      async handle({ params, actor }) {
        const found = await findRun(db, params.run)
        if (!found?.run.evidence) throw new VouchsafeError('not-found', 'There is no such run.')
        const { evidence } = found.run
        await db.change({ actor: await decidingPerson(actor, naming), action: 'evidence.erase', subject: { kind: 'run', id: params.run } }, async () => {})
        await vault.erase(evidence)
        return { body: { ok: true } }
      },
    }),
    route({
      on: 'POST /observations',
      permit: 'anyone',
      summary: 'Push an observation, signed with a sender’s or runner’s key; the signature is what permits it',
      body: 'bytes',
      bodyLimitBytes: MAX_OBSERVATION_BYTES,
      reply: z.object({ check: z.string(), recorded: z.number() }),
      status: 202,
      async handle({ body }) {
        const pushed = await push(body)
        if (pushed.recorded > 0) await refresh()
        return { body: pushed }
      },
    }),
    route({
      on: 'GET /runner/schedule',
      permit: 'anyone',
      summary: 'When each check of the runners is due; the signature in Authorization is what permits it',
      reply: z.object({ checks: z.array(z.object({ check: z.string(), start: z.string(), cadenceSeconds: z.number(), maxAttempts: z.number(), definition: z.string() })) }),
      async handle({ authorization, at }) {
        return { body: { checks: [...(await schedule(authorization, at))] } }
      },
    }),
  ]
}
