import { describe, expect, it } from 'vitest'
import {
  canonicalBytes, createEvidence, DOES_NOT_SHOW, encodeStatement, entriesOfClaim, formatVkey, leafHash, parseWitnessPolicy, rootOf, signReceipt, sealEnvelope, textOf, toBase64, utf8, verifierKey, verifyBundle, verifyBytes, verifySteps, type BundleOptions, type LogMemory, type ProvenClaim, type Report, type StepName,
} from '../src/index.ts'
import { buildHistory, CLAIMS, digestOf, instantOf, START, TestLog, testKey, type History, type HistoryOptions } from './history.ts'

const HOUR = 3600_000
const good = await buildHistory()
const options = (history: History, more: Partial<BundleOptions> = {}): BundleOptions => ({ at: history.at, vkey: history.log.vkey, policy: history.policy, ...more })
const step = (report: Report, name: StepName): { ok: boolean | 'unknown'; detail: string } | undefined => report.steps.find((one) => one.name === name)

const tls = CLAIMS[0] as (typeof CLAIMS)[number]
const bundleOf = (history: History, id = 'claim-tls'): Promise<Uint8Array> => history.log.claimBundle(id, CLAIMS.find((claim) => claim.id === id)?.text ?? '', history.at)

async function judge(history: History, id = 'claim-tls', more: Partial<BundleOptions> = {}): Promise<Report> {
  return verifyBundle(await bundleOf(history, id), options(history, more))
}
/** A history that is still open, changed by `turn`, then shown on the page. */
async function history(turn: (history: History) => Promise<unknown>, more: HistoryOptions = {}): Promise<History> {
  const made = await buildHistory({ open: true, ...more })
  await turn(made)
  await made.snapshot(START + 12 * HOUR)
  return made
}
const checkOf = (made: History, check = 'tls-versions') => made.bindings.get(check) as NonNullable<ReturnType<History['bindings']['get']>>

describe('a claim bundle', () => {
  it.each([
    ['claim-tls', 'checked', 'checked'],
    ['claim-backups', 'broken', 'broken'],
    ['claim-keys', 'attested', 'attested'],
    ['claim-hedged', 'unprovable', 'checked'],
    ['claim-negative', 'unbacked', 'unbacked'],
  ])('of %s is confirmed, and its state is recomputed: %s', async (id, state, underlying) => {
    const report = await judge(good, id)
    expect(report).toMatchObject({ ok: true, outcome: 'good', state: { now: { state, underlying }, page: { shown: state, computed: state } } })
  })

  it('says what it shows and what it does not', async () => {
    const report = await judge(good)
    expect(report.shows).toBe(`This shows that the company recorded these results by ${instantOf(good.at)} under these definitions, cannot change them unnoticed, and left out no slot.`)
    expect(report.doesNotShow).toBe(DOES_NOT_SHOW)
  })

  it('does not say that it shows anything when something is wrong, or unknown', async () => {
    expect((await judge(good, 'claim-tls', { vkey: good.log.vkey, at: good.at, policy: parseWitnessPolicy(good.policyText.replace('quorum both', 'quorum own')) })).ok).toBe(true)
    const first = verifyBundle(await bundleOf(good), { at: good.at, pageVkey: good.log.vkey })
    expect(first).toMatchObject({ ok: false, outcome: 'could-not-tell' })
    expect(first.shows).not.toContain('This shows that')
  })

  it('states who vouches, and the history by verdict', async () => {
    const report = await judge(good)
    expect(report.state?.vouching).toEqual(['recheckable'])
    expect(report.history).toMatchObject({ bindings: 2, slots: { holds: 10, fails: 0, unknown: 1, 'not-run': 1 }, changes: [] })
  })

  it('goes stale by the reader\'s clock, while the page that it was on stays true', async () => {
    const report = await judge(good, 'claim-tls', { at: good.at + 24 * HOUR })
    expect(report.state).toMatchObject({ now: { state: 'stale' }, page: { shown: 'checked', computed: 'checked' } })
    expect(step(report, 'freshness')?.ok).toBe(true)
    expect(step(await judge(good, 'claim-tls', { at: good.at + 25 * HOUR }), 'freshness')?.detail).toContain('freshness unknown')
  })

  it('of another sentence is refused', async () => {
    const report = verifyBundle(await good.log.claimBundle('claim-tls', 'Data in transit is encrypted with TLS 1.3.', good.at), options(good))
    expect(step(report, 'sentence')?.ok).toBe(false)
  })

  it('that spells its sentence in two ways is refused', async () => {
    for (const text of [`${tls.text} `, tls.text.replace(' ', '  '), `${tls.text}\u00a0`]) {
      const report = verifyBundle(await good.log.claimBundle('claim-tls', text, good.at), options(good))
      expect(step(report, 'sentence')?.ok).toBe(false)
    }
  })
})

describe('the log\'s key', () => {
  it('that comes from the page is a first use, not a green step', async () => {
    const report = verifyBundle(await bundleOf(good), { at: good.at, pageVkey: good.log.vkey })
    expect(step(report, 'log key')).toMatchObject({ ok: 'unknown' })
    expect(step(report, 'checkpoint')?.ok).toBe(true)
    expect(report.outcome).toBe('could-not-tell')
  })

  it('that is not known at all leaves the signature unverified, and says so', async () => {
    const report = verifyBundle(await bundleOf(good), { at: good.at })
    expect(step(report, 'log key')?.ok).toBe('unknown')
    expect(step(report, 'checkpoint')?.ok).toBe('unknown')
    expect(report.ok).toBe(false)
  })

  it('of somebody else is refused, whatever the page says of itself', async () => {
    const vkey = formatVkey(verifierKey(good.log.origin, 1, testKey('other').publicKey))
    expect(step(verifyBundle(await bundleOf(good), { at: good.at, vkey }), 'checkpoint')?.ok).toBe(false)
    expect(step(verifyBundle(await bundleOf(good), { at: good.at, vkey, pageVkey: good.log.vkey }), 'log key')).toMatchObject({ ok: false, detail: expect.stringContaining('names another key') })
  })

  it('that differs from the one seen before is shouted about', async () => {
    const vkey = formatVkey(verifierKey(good.log.origin, 1, testKey('other').publicKey))
    const memory: LogMemory = { origin: good.log.origin, size: 10, root: toBase64(new Uint8Array(32)), vkey, firstSeenAt: START, seenAt: START }
    const report = await judge(good, 'claim-tls', { memory: () => memory })
    expect(step(report, 'log key')).toMatchObject({ ok: false, detail: expect.stringContaining('has changed its key') })
  })
})

describe('witnesses', () => {
  it('are labelled: the operator\'s own, and others', async () => {
    expect(step(await judge(good), 'witnesses')).toMatchObject({ ok: true, detail: expect.stringContaining("\"own\" run by the log's own operator") })
  })

  it('that are all the operator\'s own make no green step', async () => {
    const policy = parseWitnessPolicy(`witness own ${good.log.witnessVkey('witness.example/own')}\nquorum own\n`)
    expect(step(await judge(good, 'claim-tls', { policy }), 'witnesses')).toMatchObject({ ok: 'unknown', detail: expect.stringContaining('and no other') })
  })

  it('that are missing from the quorum are a finding', async () => {
    const absent = testKey('absent')
    const policy = parseWitnessPolicy(`${good.policyText.replace('group both all own other\nquorum both\n', '')}witness third ${formatVkey(verifierKey('witness.example/third', 4, absent.publicKey))}\ngroup all all own other third\nquorum all\n`)
    expect(step(await judge(good, 'claim-tls', { policy }), 'witnesses')).toMatchObject({ ok: false, detail: expect.stringContaining('2 of 3') })
  })

  it('whose clock is ahead of the reader\'s say nothing about freshness', async () => {
    expect(step(await judge(good, 'claim-tls', { at: good.at - HOUR }), 'freshness')).toMatchObject({ ok: 'unknown', detail: expect.stringContaining('ahead') })
  })
})

describe('the last visit', () => {
  const { log } = good
  const rootAt = (size: number): string => toBase64(rootOf(size, log.hashAt))
  const remember = (size: number, root = rootAt(size)): LogMemory => ({ origin: log.origin, size, root, vkey: log.vkey, firstSeenAt: START, seenAt: START + HOUR })

  it('with the same tree is the same', async () => {
    const memory = remember(log.size)
    expect(step(await judge(good, 'claim-tls', { memory: () => memory }), 'last visit')?.ok).toBe(true)
  })

  it('before the log grew needs a proof that it continues', async () => {
    const memory = remember(37)
    expect(step(await judge(good, 'claim-tls', { memory: () => memory }), 'last visit')?.ok).toBe('unknown')
    expect(step(await judge(good, 'claim-tls', { memory: () => memory, consistency: log.consistency(37) }), 'last visit')).toMatchObject({ ok: true, detail: expect.stringContaining('88 more entries') })
    const spoilt = await judge(good, 'claim-tls', { memory: () => memory, consistency: log.consistency(36) })
    expect(spoilt).toMatchObject({ ok: false, outcome: 'could-not-tell' })
  })

  it('with another tree is a fork, and is shouted about', async () => {
    for (const size of [log.size, 37]) {
      const memory = remember(size, toBase64(new Uint8Array(32).fill(7)))
      const report = await judge(good, 'claim-tls', { memory: () => memory, ...(size === 37 ? { consistency: log.consistency(37) } : {}) })
      expect(step(report, 'last visit')).toMatchObject({ ok: false, detail: expect.stringMatching(/^FORK/) })
      expect(report.outcome).toBe('found')
    }
  })

  it('with a larger tree is a rollback when this is the newest, and only an old file when it is not', async () => {
    const memory = { ...remember(log.size), size: log.size + 5 }
    expect(step(await judge(good, 'claim-tls', { memory: () => memory, isNewest: true }), 'last visit')).toMatchObject({ ok: false, detail: expect.stringMatching(/^ROLLBACK/) })
    expect((await judge(good, 'claim-tls', { memory: () => memory })).ok).toBe(true)
  })

  it('alone makes the key that was met then a root of trust', async () => {
    const memory = remember(log.size)
    const report = verifyBundle(await bundleOf(good), { at: good.at, pageVkey: log.vkey, memory: () => memory })
    expect(report).toMatchObject({ ok: true })
    expect(step(report, 'log key')?.detail).toContain('first visit on 2026-03-02')
  })
})

describe('slots, as a stranger sees them', () => {
  const slots = async (turn: (history: History) => Promise<unknown>, more: HistoryOptions = {}): Promise<{ ok: boolean | 'unknown'; detail: string } | undefined> => step(await judge(await history(turn, more)), 'slots')

  it('a missing slot is shown', async () => {
    const made = await history((open) => open.result(checkOf(open), { slot: 7 }))
    made.at = START + 14 * HOUR - 1000
    expect(step(await judge(made), 'slots')?.ok).toBe(true) // within its grace: a later slot was merely quicker
    made.at = START + 14 * HOUR
    expect(step(await judge(made), 'slots')).toMatchObject({ ok: false, detail: 'slot 6 of tls-versions has no result' })
  })

  it('slots that stopped are overdue by the witness\'s clock', async () => {
    const made = await history(async () => undefined)
    made.at += 5 * HOUR
    expect(step(await judge(made), 'slots')).toMatchObject({ ok: false, detail: expect.stringContaining('slots 6 to 9 of tls-versions: due 2026-03-02T12:00:00Z') })
  })

  it('a rerun until green is shown', async () => {
    const made = await history(async (open) => {
      await open.result(checkOf(open), { slot: 6, verdict: 'fails' })
      await open.result(checkOf(open), { slot: 6, verdict: 'holds' })
    })
    expect(step(await judge(made), 'slots')).toMatchObject({ ok: false, detail: expect.stringMatching(/^slot 6 of tls-versions has 2 results: fails at entry \d+, then holds at entry \d+$/) })
  })

  it('a quietly changed definition is shown, with both digests', async () => {
    const made = await history(async (open) => {
      const before = checkOf(open)
      await open.close(before, 5, START + 12 * HOUR)
      await open.bind({ check: { id: 'tls-versions', definition: digestOf('a kinder definition') }, start: instantOf(START + 12 * HOUR), predecessor: { binding: before.digest, lastSlot: 5 }, vouching: 'recheckable' })
    })
    const report = await judge(made)
    expect(step(report, 'definition')).toMatchObject({ ok: 'unknown', detail: expect.stringContaining(digestOf('a kinder definition')) })
    expect(step(report, 'definition')?.detail).toContain(digestOf('definition of tls-versions'))
    expect(report.history?.changes).toMatchObject([{ member: 'definition', weakens: 'cannot be told' }])
  })

  it('a weaker rule is marked as weaker', async () => {
    const made = await history(async (open) => {
      const before = checkOf(open)
      await open.close(before, 5, START + 12 * HOUR)
      await open.bind({ check: { id: 'tls-versions', definition: digestOf('definition of tls-versions') }, start: instantOf(START + 12 * HOUR), predecessor: { binding: before.digest, lastSlot: 5 }, vouching: 'recheckable', confirmations: 5, freshnessSeconds: 86400, targets: { count: 1, commitment: digestOf('targets') } })
    })
    const report = await judge(made)
    expect(report.history?.changes.map(({ member, weakens }) => [member, weakens])).toEqual([['number of targets', true], ['freshness in seconds', true], ['confirmations', true]])
    expect(step(report, 'definition')?.detail).toContain('confirmations was 2, is 5 (weaker)')
  })

  it('a history that begins anew is shown', async () => {
    expect(
      await slots(async (made) => {
        await made.close(checkOf(made), 5, START + 12 * HOUR)
        await made.bind({ start: instantOf(START + 12 * HOUR) })
      }),
    ).toMatchObject({ ok: false, detail: expect.stringContaining('begins anew') })
  })

  const TERMS = { check: { id: 'tls-versions', definition: digestOf('definition of tls-versions') }, vouching: 'recheckable' as const }
  it('a history that is shed by withdrawing the check is shown, though the check had held', async () => {
    expect(
      await slots(async (made) => {
        await made.close(checkOf(made), 5, START + 12 * HOUR, 'check-withdrawn')
        await made.bind({ ...TERMS, start: instantOf(START + 12 * HOUR) })
      }),
    ).toMatchObject({ ok: false, detail: expect.stringMatching(/begins anew at entry \d+ and leaves out the history from entry \d+ on/) })
  })

  it('a check that was withdrawn while broken and comes back is shown, and is broken until it has held as often as failures are confirmed', async () => {
    const states: (string | undefined)[] = []
    for (const held of [0, 1, 2]) {
      const made = await buildHistory({ open: true })
      const before = checkOf(made)
      for (const slot of [6, 7]) await made.result(before, { slot, verdict: 'fails' })
      await made.close(before, 7, START + 14 * HOUR, 'check-withdrawn')
      await made.bind({ ...TERMS, start: instantOf(START + 17 * HOUR), predecessor: { binding: before.digest, lastSlot: 7 } })
      for (let slot = 0; slot < held; slot++) await made.result(checkOf(made), { slot })
      await made.snapshot(START + (17 + held) * HOUR)
      made.at = START + (17 + held) * HOUR + 60_000
      const report = await judge(made)
      expect(step(report, 'slots')?.ok).toBe(true)
      expect(step(report, 'page state')?.ok).toBe(true)
      expect(step(report, 'definition')).toMatchObject({ ok: 'unknown', detail: expect.stringMatching(/^tls-versions was withdrawn 2026-03-02T14:00:00Z, when it was broken, and came back 2026-03-02T17:00:00Z at entry \d+; it counts again once it has held 2 times$/) })
      states.push(report.state?.now.state)
    }
    expect(states).toEqual(['broken', 'broken', 'checked'])
  })

  it('a successor of a binding that was never closed is shown, and so are two successors of one', async () => {
    const succeed = (made: History, before = checkOf(made)) => made.bind({ check: { id: 'tls-versions', definition: digestOf('definition of tls-versions') }, start: instantOf(START + 12 * HOUR), predecessor: { binding: before.digest, lastSlot: 5 } })
    expect(await slots((made) => succeed(made))).toMatchObject({ ok: false, detail: expect.stringContaining('which is not closed') })
    expect(
      await slots(async (made) => {
        const before = checkOf(made)
        await made.close(before, 5, START + 12 * HOUR)
        await succeed(made, before)
        await succeed(made, before)
      }),
    ).toMatchObject({ ok: false, detail: expect.stringContaining('two bindings continue the same one') })
  })

  it('two live bindings of one check are shown', async () => {
    expect(await slots((made) => made.bind({ start: instantOf(START + 12 * HOUR) }))).toMatchObject({ ok: false, detail: expect.stringContaining('two live bindings') })
  })

  it('a binding that vanished from the page is shown', async () => {
    const made = await buildHistory({ open: true })
    await made.snapshot(START + 12 * HOUR, (claims) => claims.map((claim) => (claim.id === 'claim-tls' ? { ...claim, bindings: [] } : claim)))
    expect(step(await judge(made), 'slots')).toMatchObject({ ok: false, detail: expect.stringContaining('missing from the page without having been closed') })
  })

  it('a successor that skips slots, or goes back over them, is shown', async () => {
    const succeed = (start: number, lastSlot: number, closedLast = 5) =>
      slots(async (made) => {
        const before = checkOf(made)
        await made.close(before, closedLast, START + 12 * HOUR)
        await made.bind({ check: { id: 'tls-versions', definition: digestOf('definition of tls-versions') }, start: instantOf(start), predecessor: { binding: before.digest, lastSlot } })
      })
    expect(await succeed(START + 12 * HOUR, 5)).toMatchObject({ ok: true })
    expect(await succeed(START + 15 * HOUR, 5)).toMatchObject({ ok: false, detail: expect.stringContaining('begins again 2026-03-02T15:00:00Z') })
    expect(await succeed(START + 8 * HOUR, 5)).toMatchObject({ ok: false, detail: expect.stringContaining('before slot 5 of its predecessor') })
    expect(await succeed(START + 12 * HOUR, 3)).toMatchObject({ ok: false, detail: expect.stringContaining('continues after slot 3, but its predecessor was closed after slot 5') })
    expect(await succeed(START + 12 * HOUR, 3, 3)).toMatchObject({ ok: false, detail: expect.stringContaining('closed after slot 3') })
  })

  it.each([
    ['observed before it began', { observedAt: instantOf(START + 12 * HOUR - 1000) }, 'before it began'],
    ['observed long after it ended', { observedAt: instantOf(START + 14 * HOUR) }, 'but was observed'],
    ['with more attempts than allowed', { attempts: 4 }, 'its binding allows 3'],
    ['that holds with a target missing', { targets: { covered: 1, declared: 2 } }, 'covered 1 of 2 targets'],
    ['that declares fewer targets than its binding', { targets: { covered: 1, declared: 1 } }, 'declares 1 targets, its binding 2'],
    ['that names a checkpoint of the future', { checkpoint: { size: 100_000, root: digestOf('root') } }, 'could not exist yet'],
  ])('a slot %s is shown', async (_name, result, detail) => {
    expect(await slots((made) => made.result(checkOf(made), { slot: 6, ...result }))).toMatchObject({ ok: false, detail: expect.stringContaining(detail) })
  })

  it('an unknown that covered less, or was retried, is noted and no fault', async () => {
    const report = await judge(await history((made) => made.result(checkOf(made), { slot: 6, verdict: 'unknown', attempts: 3, targets: { covered: 1, declared: 2 } })))
    expect(step(report, 'slots')?.ok).toBe(true)
    expect(report.notes.join(' ')).toContain('took 3 attempts of 3 allowed')
    expect(report.notes.join(' ')).toContain('covered 1 of 2 targets')
  })

  it('a hostile cadence does not hang the reader', async () => {
    const made = await history(async (open) => {
      const before = checkOf(open)
      await open.close(before, 5, START + 12 * HOUR)
      await open.bind({ start: '1970-01-01T00:00:00Z', cadenceSeconds: 1, predecessor: { binding: before.digest, lastSlot: 5 } })
    })
    expect(step(await judge(made), 'slots')).toMatchObject({ ok: false, detail: expect.stringContaining('slots 0 to 1772') })
  })

  it('evidence that was not committed to is unknown', async () => {
    const made = await history((open) => open.write({ kind: 'slot-result', subject: [{ name: 'x', digest: { sha256: digestOf('x') } }], predicate: { binding: checkOf(open).digest, slot: 6, verdict: 'holds', attempts: 1, observedAt: instantOf(START + 12 * HOUR), targets: { covered: 2, declared: 2 } } }))
    expect(step(await judge(made), 'evidence')).toMatchObject({ ok: 'unknown', detail: expect.stringContaining('1 of 12 runs committed to nothing') })
  })
})

describe('the page\'s state', () => {
  it('that does not follow from the entries is shown', async () => {
    for (const [id, state] of [['claim-backups', 'checked'], ['claim-negative', 'attested'], ['claim-hedged', 'checked']] as const) {
      const made = await buildHistory({ open: true })
      await made.snapshot(START + 12 * HOUR, (claims) => claims.map((claim) => (claim.id === id ? { ...claim, state } : claim)))
      expect(step(await judge(made, id), 'page state')).toMatchObject({ ok: false })
    }
  })

  it('may lack a result of its own last minute, and no older one', async () => {
    for (const [age, ok] of [[30_000, true], [90_000, false]] as const) {
      const made = await buildHistory({ open: true })
      const at = START + 12 * HOUR + 20 * 60_000
      // The page still says "checked", while the second failure in a row stands in the log already.
      await made.result(checkOf(made), { slot: 6, verdict: 'unknown', observedAt: instantOf(at - age) })
      await made.snapshot(at, (claims) => claims.map((claim) => (claim.id === 'claim-tls' ? { ...claim, state: 'checked' } : claim)))
      made.at = at + 60_000
      expect(step(await judge(made), 'page state')?.ok).toBe(ok)
    }
  })
})

describe('keys', () => {
  const writeResult = (made: History, key: ReturnType<typeof testKey>) =>
    made.write({ kind: 'slot-result', subject: [{ name: 'x', digest: { sha256: digestOf('x') } }], predicate: { binding: checkOf(made).digest, slot: 6, verdict: 'holds', attempts: 1, observedAt: instantOf(START + 12 * HOUR), targets: { covered: 2, declared: 2 } } }, key)
  const change = (made: History, action: 'added' | 'revoked', purpose: 'statement' | 'attestation' | 'runner', key: ReturnType<typeof testKey>, signer = made.keys.statement) =>
    made.write({ kind: 'key-change', subject: [{ name: 'k', digest: { sha256: digestOf('k') } }], predicate: { action, purpose, key: key.hex, holder: 'holder', role: 'runner in the inner network', at: instantOf(START + 12 * HOUR) } }, signer)
  const statements = async (turn: (made: History) => Promise<unknown>) => step(await judge(await history(turn)), 'statements')

  it('that were never added do not count', async () => {
    expect(await statements((made) => writeResult(made, testKey('nobody')))).toMatchObject({ ok: false, detail: expect.stringContaining('does not count for it there') })
  })

  it('of another purpose do not count', async () => {
    expect(await statements((made) => writeResult(made, made.keys.attester))).toMatchObject({ ok: false })
    expect(await statements((made) => writeResult(made, made.keys.runner))).toMatchObject({ ok: true })
  })

  it('count from the entry after the one that adds them, until the one that revokes them', async () => {
    const extra = testKey('extra')
    expect(await statements(async (made) => { await change(made, 'added', 'runner', extra); await writeResult(made, extra) })).toMatchObject({ ok: true })
    expect(await statements(async (made) => { await writeResult(made, extra); await change(made, 'added', 'runner', extra) })).toMatchObject({ ok: false })
    expect(await statements(async (made) => { await change(made, 'revoked', 'runner', made.keys.runner); await writeResult(made, made.keys.runner) })).toMatchObject({ ok: false })
  })

  it('that were revoked never reappear', async () => {
    expect(await statements(async (made) => { await change(made, 'revoked', 'runner', made.keys.runner); await change(made, 'added', 'runner', made.keys.runner); await writeResult(made, made.keys.runner) })).toMatchObject({ ok: false, detail: expect.stringContaining('added before') })
  })

  it('add other keys only when they are statement keys', async () => {
    const extra = testKey('extra')
    expect(await statements(async (made) => { await change(made, 'added', 'runner', extra, made.keys.runner); await writeResult(made, extra) })).toMatchObject({ ok: false })
    expect(await statements(async (made) => { await change(made, 'added', 'statement', extra); await writeResult(made, extra) })).toMatchObject({ ok: true })
  })

  it('of a person speak under that person\'s role alone, and no software key speaks for a person', async () => {
    const attest = (role: string, key: (made: History) => ReturnType<typeof testKey>) => async (made: History) => {
      const { digest } = await made.write({ kind: 'attestation', subject: [{ name: 'a', digest: { sha256: digestOf('a') } }], predicate: { control: 'encryption-in-transit', statement: 'It is so.', role, from: instantOf(START), until: instantOf(START + 99 * HOUR) } }, key(made))
      return digest
    }
    expect(await statements(attest('Head of Infrastructure', (made) => made.keys.attester))).toMatchObject({ ok: true })
    expect(await statements(attest('Head of Security', (made) => made.keys.attester))).toMatchObject({ ok: false, detail: expect.stringContaining('Head of Security') })
    expect(await statements(attest('Head of Infrastructure', (made) => made.keys.statement))).toMatchObject({ ok: false })
  })

  it('of another log\'s genesis are of no use', async () => {
    const made = await buildHistory({ open: true, origin: 'vouchsafe.log/ffffffffffffffffffffffffffffffff' })
    await made.snapshot(START + 12 * HOUR)
    // The same entries under a checkpoint of another origin: signed well, and yet not this genesis.
    const other = new TestLog('vouchsafe.log/0123456789abcdef0123456789abcdef', made.keys.log)
    for (const { envelope } of made.log.entries) other.appendEnvelope(envelope, undefined, 'public')
    other.placed.push(...made.log.placed)
    const report = verifyBundle(await other.claimBundle('claim-tls', tls.text, made.at), { at: made.at, vkey: other.vkey })
    expect(step(report, 'statements')).toMatchObject({ ok: false, detail: expect.stringContaining('not of this log') })
  })
})

describe('attestations', () => {
  it('that were withdrawn leave the claim stale', async () => {
    const made = await history(async (open) => {
      const attestation = open.log.placed.find(({ statement }) => statement.kind === 'attestation')
      await open.write({ kind: 'attestation-end', subject: [{ name: 'a', digest: { sha256: digestOf('a') } }], predicate: { attestation: attestation?.digest ?? '', reason: 'withdrawn', at: instantOf(START + 11 * HOUR) } }, open.keys.attester)
    })
    expect(await judge(made, 'claim-keys')).toMatchObject({ ok: true, state: { now: { state: 'stale' }, page: { shown: 'stale' } } })
  })

  it('that the page names must be in the bundle', async () => {
    const indices = entriesOfClaim(good.log.placed, 'claim-keys').filter((index) => good.log.placed.find((one) => one.index === index)?.statement.kind !== 'attestation')
    const report = verifyBundle(await good.log.claimBundle('claim-keys', CLAIMS[2]?.text ?? '', good.at, indices), options(good))
    expect(report.outcome).toBe('found')
  })
})

describe('a page bundle', () => {
  const proven = async (made: History): Promise<ProvenClaim[]> => {
    const all: ProvenClaim[] = []
    for (const { id, text } of CLAIMS) {
      const steps = verifySteps(await made.log.claimBundle(id, text, made.at), options(made))
      for (let next = steps.next(); ; next = steps.next()) {
        if (!next.done) continue
        if (next.value.proven) all.push({ claim: id, proven: next.value.proven })
        break
      }
    }
    return all
  }

  it('is confirmed with the bundles of its claims', async () => {
    const report = verifyBundle(await good.log.pageBundle('security', good.source, good.at), options(good, { claims: await proven(good) }))
    expect(report).toMatchObject({ ok: true, page: { claims: 5, notOffered: 2, recomputed: CLAIMS.map(({ id }) => id), notRecomputed: [], byState: { checked: 1, broken: 1, attested: 1, unprovable: 1, unbacked: 1 } } })
  })

  it('alone says which states were not recomputed', async () => {
    const report = verifyBundle(await good.log.pageBundle('security', good.source, good.at), options(good))
    expect(report).toMatchObject({ outcome: 'could-not-tell', page: { notRecomputed: CLAIMS.map(({ id }) => id) } })
    expect(step(report, 'sentences')?.ok).toBe(true)
  })

  it('whose text is another is refused', async () => {
    const report = verifyBundle(await good.log.pageBundle('security', utf8(`${textOf(good.source)} `), good.at), options(good))
    expect(step(report, 'source')?.ok).toBe(false)
  })

  it('whose snapshot points at another sentence is refused', async () => {
    const made = await buildHistory({ open: true })
    await made.snapshot(START + 12 * HOUR, (claims) => claims.map((claim) => (claim.id === 'claim-tls' ? { ...claim, end: claim.end - 1 } : claim)))
    const report = verifyBundle(await made.log.pageBundle('security', made.source, made.at), options(made))
    expect(step(report, 'sentences')).toMatchObject({ ok: false, detail: expect.stringContaining('claim-tls') })
  })

  it('that shows a state which its claim\'s entries do not give is refused', async () => {
    const made = await buildHistory({ open: true })
    await made.snapshot(START + 12 * HOUR, (claims) => claims.map((claim) => (claim.id === 'claim-backups' ? { ...claim, state: 'checked' } : claim)))
    const report = verifyBundle(await made.log.pageBundle('security', made.source, made.at), options(made, { claims: await proven(made) }))
    expect(step(report, 'states')).toMatchObject({ ok: false, detail: expect.stringContaining('its entries say "broken"') })
  })
})

describe('evidence', () => {
  const piece = good.evidence[3] as (typeof good.evidence)[number]
  const bundle = (disclosures: readonly string[], which = piece) => good.log.evidenceBundle(which.written, which.result, which.binding, disclosures, good.at)

  it('is opened field by field', async () => {
    const report = verifyBundle(await bundle([piece.disclosures['daysLeft'] ?? '']), options(good))
    expect(report.ok).toBe(true)
    expect(report.notes.join(' ')).toContain('"daysLeft": ')
    expect(report.notes.join(' ')).not.toContain('host')
  })

  it('does not take a field of another run, or one made up', async () => {
    const other = good.evidence[4] as (typeof good.evidence)[number]
    const made = createEvidence({ check: { id: 'x', definition: digestOf('x') }, observedAt: instantOf(START) }, { daysLeft: 90 }, [new Uint8Array(32)]).disclosures['daysLeft'] ?? ''
    for (const disclosure of [other.disclosures['daysLeft'] ?? '', made, `${piece.disclosures['daysLeft']}=`]) expect(verifyBundle(await bundle([disclosure]), options(good)).outcome).toBe('found')
    expect(verifyBundle(await bundle([piece.disclosures['daysLeft'] ?? '', piece.disclosures['daysLeft'] ?? '']), options(good)).outcome).toBe('found')
  })

  it('of another slot is refused', async () => {
    const other = good.evidence[5] as (typeof good.evidence)[number]
    expect(verifyBundle(await good.log.evidenceBundle(piece.written, other.result, other.binding, [], good.at), options(good)).outcome).toBe('found')
  })
})

describe('a proof of one entry', () => {
  const index = good.log.placed[20]?.index ?? 0
  it('is confirmed with its entry inside, or beside it as the log serves it', async () => {
    const entry = canonicalBytes(good.log.bundled([index])[0])
    expect(verifyBytes(await good.log.proof(index, good.at), options(good))).toMatchObject({ ok: true })
    expect(verifyBytes(await good.log.proof(index, good.at, false), { ...options(good), entry })).toMatchObject({ ok: true })
  })
  it('without its entry, or with another, is not', async () => {
    const other = canonicalBytes(good.log.bundled([good.log.placed[21]?.index ?? 0])[0])
    expect(verifyBytes(await good.log.proof(index, good.at, false), options(good)).outcome).toBe('found')
    expect(verifyBytes(await good.log.proof(index, good.at, false), { ...options(good), entry: other }).outcome).toBe('found')
  })
  it('of a private entry needs the leaf alone', async () => {
    const secret = good.evidence[0]?.written
    const entry = canonicalBytes({ class: 'private', index: secret?.index ?? 0, leaf: toBase64(secret?.leaf ?? new Uint8Array()) })
    expect(verifyBytes(await good.log.proof(secret?.index ?? 0, good.at, false), { ...options(good), entry })).toMatchObject({ ok: true })
  })
})

describe('anything else', () => {
  it.each(['', '{}', '[]', 'null', '"x"', '{"type":"vouchsafe/claim-bundle/v1"}', '{"type":"constructor"}', '<!doctype html>', 'c2sp.org/tlog-proof@v1', 'c2sp.org/tlog-proof@v1\nindex 0\n\n', 'vouchsafe/receipt/v1\n'])('%j ends in a report, not an exception', (text) => {
    expect(verifyBytes(utf8(text), options(good)).ok).toBe(false)
  })

  it('a statement of a kind from the future is refused, not skipped', async () => {
    const made = await buildHistory({ open: true })
    const payload = textOf(encodeStatement({ kind: 'closing', subject: [{ name: 'x', digest: { sha256: digestOf('x') } }], predicate: { binding: digestOf('x'), lastSlot: 0, reason: 'superseded', at: instantOf(START) } })).replace('statement:closing:v1', 'statement:pardon:v1')
    const { index } = made.log.appendEnvelope(await sealEnvelope(utf8(payload), made.keys.statement), undefined, 'public')
    await made.snapshot(START + 12 * HOUR)
    const report = verifyBundle(await made.log.claimBundle('claim-tls', tls.text, made.at, [...entriesOfClaim(made.log.placed, 'claim-tls'), index].sort((a, b) => a - b)), options(made))
    expect(step(report, 'statements')).toMatchObject({ ok: false, detail: expect.stringContaining('pardon') })
  })
})

describe('a promise of inclusion', () => {
  it('is confirmed by the log\'s key, and says that it is only a promise', async () => {
    const { log, at } = good
    const text = await signReceipt({ origin: log.origin, leafHash: leafHash(log.entries[5]?.leaf ?? new Uint8Array()), at: instantOf(at) }, log.key)
    const report = verifyBytes(utf8(text), options(good))
    expect(report).toMatchObject({ ok: true, shows: expect.stringContaining('promised to include') })
    for (const changed of [text.replace('vouchsafe/receipt/v1', 'vouchsafe/receipt/v2'), text.replace(instantOf(at), instantOf(at + 1000)), `${text}\n`]) expect(verifyBytes(utf8(changed), options(good)).ok).toBe(false)
    expect(verifyBytes(utf8(text), { at }).outcome).toBe('could-not-tell')
  })
})
