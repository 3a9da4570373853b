import { generateKeyPairSync, randomBytes, sign } from 'node:crypto'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { claimState, decodeStatement, envelopeDigest, evidenceOf, fromBase64, parseEnvelope, recompute, reviewClaim, stateInput, type Attestation, type ClaimEvidence, type Logged, type StateResult } from '@vouchsafe/verify'
import { CheckEngine, checkMigrations, createVault, type BindableClaim, type Check, type CheckDefinition, type CheckTables } from '#core/check'
import { ManualClock } from '#core/clock'
import { startTemporaryServer, type Change, type OrganisationDatabase, type TemporaryServer } from '#core/database'
import { logMigrations } from '#core/log'
import { insertAttestation, insertAttestationEnd, instantOf, issue, statementMigrations, type StatementTables } from '#core/statement'
import { pageMigrations, type Version, type Wording } from './store.ts'
import { snapshotOf } from './snapshot.ts'
import { claimStandings } from './states.ts'

const START = new Date('2026-03-02T12:00:00Z')
const HOUR = 3_600_000
const CONTROLS = ['backup-daily', 'data-retention'] as const

let server: TemporaryServer
let clock: ManualClock
beforeAll(async () => {
  server = await startTemporaryServer()
})
afterAll(() => server?.stop())

const newDatabase = (): Promise<OrganisationDatabase> => {
  clock = new ManualClock(START)
  return server.createDatabase({ migrations: [logMigrations, statementMigrations, checkMigrations, pageMigrations], clock })
}

const { publicKey, privateKey } = generateKeyPairSync('ed25519')
const signer = { publicKey: new Uint8Array(publicKey.export({ format: 'der', type: 'spki' }).subarray(-32)), sign: (message: Uint8Array) => new Uint8Array(sign(null, message, privateKey)) }

/** Everything that is on its way into the log, in its order: what a stranger will have. */
async function logged(db: OrganisationDatabase): Promise<Logged[]> {
  const { rows } = await db.appPool.query<{ envelope: Buffer; position: number }>('select envelope, position from log.pending where class = 1 order by position')
  return rows.map((row) => {
    const envelope = parseEnvelope(row.envelope)
    return { index: Number(row.position), digest: envelopeDigest(envelope), statement: decodeStatement(fromBase64(envelope.payload)), signer: { keyId: '', purpose: 'statement', holder: '', role: '' } } as Logged
  })
}
const ofClaim = (all: ClaimEvidence, claim: string): ClaimEvidence => {
  const bindings = all.bindings.filter(({ predicate }) => predicate.claim === claim)
  const ours = new Set(bindings.map(({ digest }) => digest))
  return { ...all, bindings, results: all.results.filter(({ predicate }) => ours.has(predicate.binding)), closings: all.closings.filter(({ predicate }) => ours.has(predicate.binding)) }
}

const wordingOf = (claim: BindableClaim): Wording => ({ claimId: claim.id, line: 0, start: 0, end: 1, text: 'x', digest: claim.digest, section: [], strength: claim.strength, controls: claim.controls, offered: true, relation: 'new', predecessors: [] })

describe('what the page says is what follows from the log', () => {
  const letters = fc.string({ unit: fc.constantFrom('h', 'f', 'u', '-'), maxLength: 8 })
  const aChain = fc.record({
    parts: fc.array(letters, { minLength: 1, maxLength: 3 }),
    covers: fc.subarray([...CONTROLS], { minLength: 1 }),
    freshness: fc.integer({ min: 1, max: 6 }),
    confirmations: fc.integer({ min: 1, max: 4 }),
    canContradict: fc.boolean(),
    closed: fc.boolean(),
    withdrawn: fc.tuple(fc.boolean(), fc.boolean()),
  })
  const aClaim = fc.record({ strength: fc.constantFrom('definite' as const, 'hedged' as const, 'negative' as const), controls: fc.subarray([...CONTROLS]), chains: fc.array(aChain, { maxLength: 3 }) })
  const VERDICTS = { h: 'holds', f: 'fails', u: 'unknown', '-': 'not-run' } as const

  test('for two thousand random histories, at every hour around them', { timeout: 600_000 }, async () => {
    const db = await newDatabase()
    const claims = fc.sample(aClaim, 2000)
    const definition = 'd'.repeat(64)
    const at = (hours: number): string => instantOf(new Date(START.getTime() + hours * HOUR))
    const bindings: Record<string, unknown>[] = []
    const closings: Record<string, unknown>[] = []
    const slots: Record<string, unknown>[] = []
    const evidence: { bindings: ClaimEvidence['bindings'][number][]; results: ClaimEvidence['results'][number][]; closings: ClaimEvidence['closings'][number][] } = { bindings: [], results: [], closings: [] }
    let index = 0
    const leaf = (): string => `00000000-0000-4000-8000-${(index++).toString(16).padStart(12, '0')}`
    const wordings = claims.map(({ strength, controls, chains }, n) => {
      const wording = wordingOf({ id: n.toString(16).padStart(16, '0'), text: 'x', digest: n.toString(16).padStart(64, 'a'), strength, controls, policy: { id: 'p', version: 1, digest: definition } })
      for (const [k, chain] of chains.entries()) {
        let before: { binding: string; lastSlot: number } | undefined
        let start = 0
        const close = (binding: string, lastSlot: number, reason: 'superseded' | 'check-withdrawn'): void => {
          evidence.closings.push({ index, digest: 'f'.repeat(64), predicate: { binding, lastSlot, reason, at: at(start) } })
          closings.push({ binding, last_slot: lastSlot, reason, leaf_id: leaf(), at: at(start) })
        }
        for (const [p, part] of chain.parts.entries()) {
          if (before) close(before.binding, before.lastSlot, chain.withdrawn[p - 1] ? 'check-withdrawn' : 'superseded')
          const digest = randomBytes(32).toString('hex')
          const predicate = { claim: wording.claimId, sentence: wording.digest, strength, policy: { id: 'p', version: 1, digest: definition }, controls, covers: chain.covers, check: { id: `test/${k}`, definition }, release: definition, targets: { count: 1, commitment: definition }, start: at(start), cadenceSeconds: 3600, freshnessSeconds: chain.freshness * 1800, confirmations: chain.confirmations, maxAttempts: 1, canContradict: chain.canContradict, vouching: 'software' as const, stateFunction: 1 as const, ...(before ? { predecessor: before } : {}) }
          evidence.bindings.push({ index, digest, predicate })
          bindings.push({ digest, claim_id: wording.claimId, check_id: `test/${k}`, definition, predicate: JSON.stringify(predicate), targets: '[]', target_salt: Buffer.alloc(32), start_at: at(start), cadence_seconds: 3600, predecessor: before?.binding ?? null, leaf_id: leaf(), created_at: START })
          for (const [slot, letter] of [...part].entries()) {
            const verdict = VERDICTS[letter as 'h' | '-']
            const observedAt = verdict === 'not-run' ? undefined : at(start + slot)
            evidence.results.push({ index, digest: 'e'.repeat(64), predicate: { binding: digest, slot, verdict, attempts: 1, targets: { covered: 1, declared: 1 }, ...(observedAt ? { observedAt } : {}) } })
            slots.push({ binding: digest, slot, verdict, attempts: 1, observed_at: observedAt ?? null, recorded_at: START, covered: 1, declared: 1, run_id: null, leaf_id: leaf() })
          }
          before = { binding: digest, lastSlot: part.length - 1 }
          start += part.length
        }
        if (chain.closed && before) close(before.binding, before.lastSlot, 'check-withdrawn')
      }
      return wording
    })
    await db.change({ actor: { kind: 'system', name: 'test' }, action: 'test.fill', subject: { kind: 'test', id: 'all' } }, async (tx: Change<CheckTables>) => {
      await tx.db.insertInto('check.definition').values({ digest: definition, check_id: 'test/0', definition: '{}' as never, first_seen: START }).execute()
      for (const [table, rows] of [['check.binding', bindings], ['check.slot', slots], ['check.closing', closings]] as const)
        for (let i = 0; i < rows.length; i += 2000) await tx.db.insertInto(table).values(rows.slice(i, i + 2000) as never).execute()
    })
    expect(slots.length).toBeGreaterThan(5000)
    const whole: ClaimEvidence = { ...evidence, attestations: [], endings: [] }
    const byClaim = new Map(wordings.map((wording) => [wording.claimId, ofClaim(whole, wording.claimId)]))
    const seen = new Set<string>()
    // Half hours, so that "at this very second" and "just after" are both asked; before the end, as after a clock that was set back.
    for (let hours = -1; hours <= 30; hours += hours < 26 ? 4.5 : 1.5) {
      const moment = new Date(START.getTime() + hours * HOUR)
      for (const { wording, result } of await claimStandings(db, wordings, moment)) {
        const expected = claimState(stateInput({ id: wording.claimId, sentence: wording.digest, strength: wording.strength, controls: wording.controls }, byClaim.get(wording.claimId)!, moment.getTime()))
        seen.add(result.state)
        if (JSON.stringify(result) !== JSON.stringify(expected)) expect({ hours, result, of: byClaim.get(wording.claimId)!.results.map(({ predicate }) => [predicate.slot, predicate.verdict]) }).toEqual({ hours, result: expected, of: [] })
      }
    }
    expect([...seen].sort()).toEqual(['broken', 'checked', 'stale', 'unbacked', 'unknown', 'unprovable'])
  })
})

type Op =
  | { kind: 'run'; verdict: 'holds' | 'fails' | 'unknown' }
  | { kind: 'wait'; minutes: number }
  | { kind: 'back'; minutes: number }
  | { kind: 'release' | 'definition' | 'targets' | 'policy' | 'withdraw-check' | 'withdraw-claim' | 'restore' | 'end' }
  | { kind: 'attest'; from: number; until: number; to: 'claim' | 'control' | 'wording' }

const anOp: fc.Arbitrary<Op> = fc.oneof(
  { weight: 6, arbitrary: fc.record({ kind: fc.constant('run' as const), verdict: fc.constantFrom('holds', 'fails', 'fails', 'unknown') }) },
  { weight: 5, arbitrary: fc.record({ kind: fc.constant('wait' as const), minutes: fc.constantFrom(1, 30, 60, 61, 179, 180, 1440, 5000) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('back' as const), minutes: fc.constantFrom(1, 30, 61, 200) }) },
  { weight: 4, arbitrary: fc.record({ kind: fc.constantFrom('release', 'definition', 'targets', 'policy', 'withdraw-check', 'withdraw-claim', 'restore', 'end') }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('attest' as const), from: fc.integer({ min: -60, max: 60 }), until: fc.integer({ min: 0, max: 500 }), to: fc.constantFrom('claim', 'control', 'wording') }) },
)

describe('what the engine writes is a history that every verifier finds whole', () => {
  test('through releases, changed definitions, downtime, clocks set back, checks withdrawn and returned', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(anOp, { minLength: 5, maxLength: 12 }), async (ops) => {
        const db = await newDatabase()
        const claims: BindableClaim[] = ['definite', 'negative'].map((strength, n) => ({ id: `00000000000000a${n}`, text: 'x', digest: `${n}`.repeat(64), strength: strength as 'definite', controls: n === 0 ? [...CONTROLS] : [CONTROLS[0]], policy: { id: 'p', version: 1, digest: 'b'.repeat(64) } }))
        const at = { release: 1, revision: 1, version: 1, list: ['a'], check: true, claim: true }
        let say: 'holds' | 'fails' | 'unknown' = 'holds'
        const engine = (): CheckEngine => {
          const check = (name: string, controls: CheckDefinition['controls'], cadenceSeconds: number): Check => ({
            definition: { id: `test/${name}`, kind: 'built-in', title: name, controls, cadenceSeconds, freshnessSeconds: 3 * cadenceSeconds, confirmations: 2, maxAttempts: 1, timeLimitSeconds: 5, canContradict: true, vouching: 'software', method: 'Asks.', revision: at.revision },
            targets: async () => at.list,
            run: async () => ({ verdict: say, summary: say, targets: at.list.map((target) => ({ target, verdict: say, summary: say })), declared: at.list.length, evidence: {} }),
          })
          const checks = [check('first', [CONTROLS[0]], 3600), ...(at.check ? [check('second', [CONTROLS[1], CONTROLS[0]], 1800)] : [])]
          return new CheckEngine({
            db,
            checks: new Map(checks.map((one) => [one.definition.id, one])),
            pushed: new Map(),
            signer,
            release: String(at.release % 10).repeat(64),
            vault: createVault({ ring: { create: async () => 'k', encrypt: async (_key, _run, bytes) => bytes, decrypt: async (_key, _run, bytes) => bytes, destroy: async () => {} }, objects: { put: async () => {}, get: async () => undefined, delete: async () => {} } }),
            cosignedCheckpoint: async () => undefined,
          })
        }
        const bind = (): Promise<unknown> => engine().bind(at.claim ? claims.map((claim) => ({ ...claim, policy: { ...claim.policy, version: at.version } })) : [], clock.now())
        await bind()
        let last = clock.now().getTime()
        for (const op of ops) {
          if (op.kind === 'run') {
            say = op.verdict
            for (const check of await engine().due(clock.now())) await engine().runDue(check)
          } else if (op.kind === 'wait') clock.advance(op.minutes * 60_000)
          else if (op.kind === 'back') clock.advance(-op.minutes * 60_000)
          else if (op.kind === 'attest') await attest(db, claims[0]!, op)
          else if (op.kind === 'end') await endAll(db)
          else {
            if (op.kind === 'release') at.release++
            else if (op.kind === 'definition') at.revision++
            else if (op.kind === 'targets') at.list = [...at.list, 'b']
            else if (op.kind === 'policy') at.version++
            else if (op.kind === 'withdraw-check') at.check = false
            else if (op.kind === 'withdraw-claim') at.claim = false
            else at.check = at.claim = true
            await bind()
          }
          last = Math.max(last, clock.now().getTime())
          await agree(db, claims, clock.now())
        }
        await engine().due(new Date(last))
        const all = evidenceOf(await logged(db))
        for (const claim of claims) {
          const own = ofClaim(all, claim.id)
          expect(reviewClaim(own, { at: last, source: 'entry' }).filter(({ weight }) => weight === 'wrong')).toEqual([])
          const named = own.results.map(({ predicate }) => `${predicate.binding} ${predicate.slot}`)
          expect(new Set(named).size, 'one entry a slot').toBe(named.length)
        }
        await db.close()
      }),
      { numRuns: 25, interruptAfterTimeLimit: 120_000 },
    )
  }, 180_000)
})

async function agree(db: OrganisationDatabase, claims: readonly BindableClaim[], moment: Date): Promise<void> {
  const statements = await logged(db)
  const all = evidenceOf(statements)
  const cut = (statements.at(-1)?.index ?? 0) + 1
  const wordings = claims.map(wordingOf)
  const standings = await claimStandings(db, wordings, moment)
  const version = { id: 'v', documentId: 'p', slug: 'p', number: 1, digest: 'b'.repeat(64) } as Version
  const snapshot = snapshotOf(version, 'preview', wordings, standings, moment)
  for (const [i, claim] of claims.entries()) {
    const own = ofClaim(all, claim.id)
    const expected: StateResult = claimState(stateInput({ id: claim.id, sentence: claim.digest, strength: claim.strength, controls: claim.controls }, own, moment.getTime()))
    expect(standings[i]!.result).toEqual(expected)
    expect(recompute({ index: cut, at: Date.parse(snapshot.at), status: 'preview', claim: snapshot.claims[i]! }, own).agrees).toBe(true)
    expect(reviewClaim(own, { at: moment.getTime(), source: 'clock' }, { page: { index: cut, bindings: snapshot.claims[i]!.bindings } }).filter(({ kind }) => kind === 'dropped')).toEqual([])
  }
}

const TEST = { kind: 'system', name: 'test' } as const
async function attest(db: OrganisationDatabase, claim: BindableClaim, op: { from: number; until: number; to: 'claim' | 'control' | 'wording' }): Promise<void> {
  const moment = (minutes: number): string => instantOf(new Date(clock.now().getTime() + minutes * 60_000))
  const about = op.to === 'control' ? { control: CONTROLS[1] } : { claim: claim.id, sentence: op.to === 'claim' ? claim.digest : 'e'.repeat(64) }
  const attestation: Attestation = { ...about, statement: randomBytes(4).toString('hex'), role: 'Head of Security', from: moment(op.from), until: moment(op.from + op.until + 1) }
  const issued = await issue(signer, 'attestation', [{ name: 'x', sha256: claim.digest }], attestation)
  await db.change({ actor: TEST, action: 'test.attest', subject: { kind: 'test', id: 'x' } }, (tx: Change<StatementTables>) => insertAttestation(tx, attestation, 'k', issued))
}
async function endAll(db: OrganisationDatabase): Promise<void> {
  const { rows } = await db.appPool.query<{ digest: string }>('select digest from statement.attestation a where not exists (select 1 from statement.attestation_end e where e.attestation = a.digest)')
  for (const { digest } of rows) {
    const end = { attestation: digest, reason: 'withdrawn' as const, at: instantOf(clock.now()) }
    const issued = await issue(signer, 'attestation-end', [{ name: 'x', sha256: digest }], end)
    await db.change({ actor: TEST, action: 'test.end', subject: { kind: 'test', id: 'x' } }, (tx: Change<StatementTables>) => insertAttestationEnd(tx, end, issued))
  }
}
