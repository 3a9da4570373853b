import { createHash } from 'node:crypto'
import { claimState, createEvidence, evidenceOf, parseWitnessPolicy, sentenceDigest, stateInput, toHex, utf8, type Binding, type SlotResult, type SnapshotClaim, type Statement, type StatementOf, type Strength, type WitnessPolicy } from '../src/index.ts'
import { TestLog, testKey, type TestKey, type Written } from './log.ts'

export { TestLog, testKey, type TestKey, type Written } from './log.ts'

const HOUR = 3600_000
export const START = Date.parse('2026-03-02T00:00:00Z')
export const instantOf = (at: number): string => new Date(at).toISOString().replace('.000Z', 'Z')
export const digestOf = (text: string): string => createHash('sha256').update(text).digest('hex')

const SUBJECT = (name: string) => [{ name, digest: { sha256: digestOf(name) } }]

export interface HistoryClaim {
  id: string
  text: string
  strength: Strength
  controls: readonly string[]
  checks: readonly { id: string; covers: readonly string[]; verdicts: string; vouching?: 'software' | 'recheckable' }[]
}

/** h holds, f fails, u unknown, - not run; each letter an hour. */
export const CLAIMS: readonly HistoryClaim[] = [
  { id: 'claim-tls', text: 'Data in transit is encrypted with TLS 1.2 or 1.3.', strength: 'definite', controls: ['encryption-in-transit'], checks: [{ id: 'tls-versions', covers: ['encryption-in-transit'], verdicts: 'hhhuhhh-hhhh', vouching: 'recheckable' }] },
  { id: 'claim-backups', text: 'Backups are restored and checked every week.', strength: 'definite', controls: ['backup-restore', 'backup-daily'], checks: [{ id: 'restore-drill', covers: ['backup-restore'], verdicts: 'hhhhhhhhhhff' }, { id: 'backup-age', covers: ['backup-daily'], verdicts: 'hhhhhhhhhhhh' }] },
  { id: 'claim-keys', text: 'Cryptographic keys are rotated each year.', strength: 'definite', controls: ['key-rotation'], checks: [] },
  { id: 'claim-hedged', text: 'We take commercially reasonable measures to protect your data.', strength: 'hedged', controls: ['encryption-in-transit'], checks: [{ id: 'tls-hedged', covers: ['encryption-in-transit'], verdicts: 'hhhhhhhhhhhh' }] },
  { id: 'claim-negative', text: 'We do not hold full card numbers.', strength: 'negative', controls: ['card-data'], checks: [] },
]

export const SOURCE = utf8(
  `---\ntitle: Security\n---\n\n# Security\n\n${CLAIMS[0]?.text} ${CLAIMS[1]?.text}\n\n- ${CLAIMS[2]?.text}\n- We take **commercially reasonable** measures to [protect](https://example.com/protect)\n  your data.\n\nÜbrigens: ${CLAIMS[4]?.text}\n`,
)

function offsets(claim: HistoryClaim): { start: number; end: number } {
  const source = Buffer.from(SOURCE)
  if (claim.id === 'claim-hedged') return { start: source.indexOf('We take **'), end: source.indexOf('your data.') + 'your data.'.length }
  const start = source.indexOf(claim.text)
  return { start, end: start + Buffer.byteLength(claim.text) }
}

export interface History {
  log: TestLog
  keys: { log: TestKey; statement: TestKey; attester: TestKey; runner: TestKey; ownWitness: TestKey; witness: TestKey }
  claims: readonly HistoryClaim[]
  source: Uint8Array
  /** When the witnesses cosigned: a few minutes after the snapshot. */
  at: number
  policy: WitnessPolicy
  policyText: string
  evidence: { written: Written; result: number; binding: number; disclosures: Readonly<Record<string, string>> }[]
  /** Writes the binding's slot result; for histories that go on, or go wrong. */
  result(binding: Written, more: Partial<SlotResult> & Pick<SlotResult, 'slot'>): Promise<Written>
  bind(more: Partial<Binding>): Promise<Written>
  close(binding: Written, lastSlot: number, at: number, reason?: 'superseded' | 'check-withdrawn'): Promise<Written>
  snapshot(at: number, change?: (claims: SnapshotClaim[]) => SnapshotClaim[]): Promise<Written>
  write(statement: Statement, signer?: TestKey): Promise<Written>
  bindings: Map<string, Written>
}

export interface HistoryOptions {
  origin?: string
  /** Slots after which a new release succeeds each binding; undefined: never. */
  releaseAfter?: number
  /** No snapshot at the end: the caller goes on. */
  open?: boolean
}

/**
 * A small company's log: genesis, keys, witnesses, five claims with their bindings, twelve hours of slots with private
 * evidence between them, one new release, an attestation, and a snapshot of the page.
 */
export async function buildHistory(options: HistoryOptions = {}): Promise<History> {
  const origin = options.origin ?? 'vouchsafe.log/0123456789abcdef0123456789abcdef'
  const keys = { log: testKey('log'), statement: testKey('statement'), attester: testKey('attester'), runner: testKey('runner'), ownWitness: testKey('own witness'), witness: testKey('witness') }
  const log = new TestLog(origin, keys.log)
  log.witnesses.push({ name: 'witness.example/own', key: keys.ownWitness }, { name: 'witness.example/other', key: keys.witness })
  const write = (statement: Statement, signer = keys.statement): Promise<Written> => log.append(statement, signer)
  const at = START + 12 * HOUR + 10 * 60_000
  const genesisAt = instantOf(START - HOUR)

  await write({ kind: 'genesis', subject: SUBJECT(origin), predicate: { organisation: '0123456789abcdef0123456789abcdef', origin, statementKey: keys.statement.hex, at: genesisAt } })
  const keyChange = (purpose: 'attestation' | 'runner', key: TestKey, role: string): Promise<Written> =>
    write({ kind: 'key-change', subject: SUBJECT(role), predicate: { action: 'added', purpose, key: key.hex, holder: digestOf(role).slice(0, 32), role, at: genesisAt } })
  await keyChange('attestation', keys.attester, 'Head of Infrastructure')
  await keyChange('runner', keys.runner, 'runner in the inner network')
  await write({ kind: 'witness-change', subject: SUBJECT('witness'), predicate: { action: 'added', vkey: log.witnessVkey('witness.example/own'), operator: 'own', at: genesisAt } })

  const bindings = new Map<string, Written>()
  const evidence: History['evidence'] = []
  const policyDigest = createHash('sha256').update(SOURCE).digest('hex')
  const rules = new Map<string, Binding>()

  const bind = async (more: Partial<Binding>): Promise<Written> => {
    const predicate: Binding = {
      claim: 'claim-tls', sentence: sentenceDigest(CLAIMS[0]?.text ?? ''), strength: 'definite', policy: { id: 'policy-1', version: 1, digest: policyDigest },
      controls: ['encryption-in-transit'], covers: ['encryption-in-transit'], check: { id: 'tls-versions', definition: digestOf('definition 1') }, release: digestOf('release 1'),
      targets: { count: 2, commitment: digestOf('targets') }, start: instantOf(START), cadenceSeconds: 3600, freshnessSeconds: 3 * 3600, confirmations: 2, maxAttempts: 3,
      canContradict: true, vouching: 'software', stateFunction: 1, ...more,
    }
    const written = await write({ kind: 'binding', subject: SUBJECT(predicate.claim), predicate })
    bindings.set(predicate.check.id, written)
    rules.set(written.digest, predicate)
    return written
  }

  const result = async (binding: Written, more: Partial<SlotResult> & Pick<SlotResult, 'slot'>): Promise<Written> => {
    const rule = rules.get(binding.digest) as Binding
    const observed = instantOf(Date.parse(rule.start) + more.slot * rule.cadenceSeconds * 1000 + 60_000)
    const ran = more.verdict !== 'not-run'
    const observedAt = more.observedAt ?? observed
    let commitment: string | undefined
    let disclosures: Readonly<Record<string, string>> = {}
    let leaf: Written | undefined
    if (ran) {
      const made = createEvidence({ check: rule.check, observedAt }, { host: `host-${more.slot}.example`, daysLeft: 71 - more.slot }, [log.bytes(), log.bytes()])
      disclosures = made.disclosures
      leaf = await log.append({ kind: 'evidence', subject: SUBJECT('evidence'), predicate: made.predicate }, keys.statement, { class: 'private' })
      commitment = toHex(leaf.leaf.slice(18))
    }
    const predicate: SlotResult = {
      binding: binding.digest, verdict: 'holds', attempts: ran ? 1 : 0, targets: { covered: ran ? rule.targets.count : 0, declared: rule.targets.count },
      ...(ran ? { observedAt } : {}), ...(commitment ? { evidence: commitment } : {}), ...more,
    }
    const written = await write({ kind: 'slot-result', subject: SUBJECT(rule.check.id), predicate }, rule.check.id === 'restore-drill' ? keys.runner : keys.statement)
    if (leaf) evidence.push({ written: leaf, result: written.index, binding: binding.index, disclosures })
    return written
  }

  const close = (binding: Written, lastSlot: number, closedAt: number, reason: 'superseded' | 'check-withdrawn' = 'superseded'): Promise<Written> =>
    write({ kind: 'closing', subject: SUBJECT('closing'), predicate: { binding: binding.digest, lastSlot, reason, at: instantOf(closedAt) } })

  const bindCheck = (claim: HistoryClaim, check: HistoryClaim['checks'][number], more: Partial<Binding> = {}): Promise<Written> =>
    bind({ claim: claim.id, sentence: sentenceDigest(claim.text), strength: claim.strength, controls: claim.controls, covers: check.covers, check: { id: check.id, definition: digestOf(`definition of ${check.id}`) }, vouching: check.vouching ?? 'software', ...more })

  for (const claim of CLAIMS) for (const check of claim.checks) await bindCheck(claim, check)
  const attestation = await write(
    { kind: 'attestation', subject: SUBJECT('claim-keys'), predicate: { claim: 'claim-keys', sentence: sentenceDigest(CLAIMS[2]?.text ?? ''), statement: 'Keys were rotated in January.', role: 'Head of Infrastructure', from: instantOf(START), until: instantOf(START + 365 * 24 * HOUR) } },
    keys.attester,
  )

  const VERDICTS = { h: 'holds', f: 'fails', u: 'unknown', '-': 'not-run' } as const
  const releaseAfter = options.releaseAfter ?? 6
  for (let hour = 0; hour < 12; hour++) {
    if (hour === releaseAfter)
      for (const claim of CLAIMS)
        for (const check of claim.checks) {
          const before = bindings.get(check.id) as Written
          await close(before, hour - 1, START + hour * HOUR)
          await bindCheck(claim, check, { release: digestOf('release 2'), start: instantOf(START + hour * HOUR), predecessor: { binding: before.digest, lastSlot: hour - 1 } })
        }
    for (const claim of CLAIMS)
      for (const check of claim.checks) {
        const letter = check.verdicts[hour] as keyof typeof VERDICTS
        await result(bindings.get(check.id) as Written, { slot: hour < releaseAfter ? hour : hour - releaseAfter, verdict: VERDICTS[letter], ...(letter === 'u' ? { attempts: 3 } : {}) })
      }
    // Something of no concern to readers: a private leaf of a case.
    log.appendEnvelope({ payload: '', payloadType: 'application/vnd.in-toto+json', signatures: [] }, undefined, 'private')
  }

  const snapshot = (when: number, change = (claims: SnapshotClaim[]): SnapshotClaim[] => claims): Promise<Written> => {
    const proven = log.placed.map(({ index, digest, statement }) => ({ index, digest, statement, signer: { keyId: '', purpose: 'statement' as const, holder: '', role: '' } }))
    const all = evidenceOf(proven as Parameters<typeof evidenceOf>[0])
    const claims = CLAIMS.map((claim): SnapshotClaim => {
      const wording = { id: claim.id, sentence: sentenceDigest(claim.text), strength: claim.strength, controls: claim.controls }
      const { state, underlying } = claimState(stateInput(wording, all, when))
      const live = claim.checks.map((check) => (bindings.get(check.id) as Written).digest)
      return { ...wording, ...offsets(claim), state, ...(claim.strength === 'hedged' ? { underlying } : {}), bindings: live, attestations: claim.id === 'claim-keys' ? [attestation.digest] : [] }
    })
    const statement: StatementOf<'page-snapshot'> = {
      kind: 'page-snapshot', subject: SUBJECT('security'),
      predicate: { status: 'published', policy: { id: 'policy-1', slug: 'security', version: 1, digest: policyDigest }, at: instantOf(when), claims: change(claims), notOffered: 2 },
    }
    return write(statement)
  }
  if (!options.open) await snapshot(START + 12 * HOUR)

  const policyText = `log ${log.vkey}\nwitness own ${log.witnessVkey('witness.example/own')}\nwitness other ${log.witnessVkey('witness.example/other')}\ngroup both all own other\nquorum both\n`
  return { log, keys, claims: CLAIMS, source: SOURCE, at, policy: parseWitnessPolicy(policyText), policyText, evidence, result, bind, close, snapshot, write, bindings }
}
