import type { Bundle } from '../bundle.ts'
import { fromBase64, sameBytes } from '../bytes.ts'
import { VerifyError } from '../errors.ts'
import type { KnownTime } from '../claim/slots.ts'
import { leafHash } from '../log/merkle.ts'
import { rootFromPool } from '../log/nodes.ts'
import type { Genesis } from '../statement/predicate.ts'
import { KeyRing, ofKind, openEntry, openLeaf, type Logged } from '../statement/keys.ts'
import { decodeStatement } from '../statement/statement.ts'
import { poolOf } from './container.ts'
import { plural, messageOf, judgeCheckpoint, judgeMemory, judgeWitnesses, type TrustedCheckpoint, type VerifyOptions } from './trust.ts'
import type { Step, Steps } from './report.ts'

/** What is known of a bundle once its proofs and signatures hold. */
export interface Proven extends TrustedCheckpoint {
  statements: readonly Logged[]
  ring: KeyRing
  /** Up to when the history can be expected to be complete. */
  time: KnownTime
  /** For each index the newest instant that an entry before it names. */
  spoken: (index: number) => number
}

/** What a verification yields while it runs: each step as it is taken, and how far a long one has come. */
export type Progress = { kind: 'step'; step: Step } | { kind: 'progress'; name: Step['name']; done: number; of: number }

// Often enough for a moving line, seldom enough to cost nothing.
const PROGRESS_EVERY = 25

/**
 * The part that all bundles share, in the order of the argument: whose log, whose signature, who else saw it, what
 * the reader saw before, that each entry is in it, and that each statement is signed by a key that counted.
 * @returns undefined when a step failed after which nothing else means anything
 */
export function* prove(steps: Steps, bundle: Bundle, options: VerifyOptions): Generator<Progress, Proven | undefined> {
  const trusted = judgeCheckpoint(steps, bundle.checkpoint, options)
  yield* fresh(steps)
  if (!trusted) return undefined
  const { checkpoint } = trusted

  // Read before witnesses are weighed, since witness statements among the entries say which are the operator's own.
  const leaves = new Map<number, Uint8Array>()
  try {
    for (const entry of bundle.entries) leaves.set(entry.index, leafHash(openLeaf(entry)))
    if (!sameBytes(rootFromPool(leaves, checkpoint.size, poolOf(bundle.nodes)), checkpoint.root)) throw new VerifyError('bad-proof', "the entries do not lead to the checkpoint's root")
  } catch (error) {
    steps.add('entries', false, messageOf(error))
    yield* fresh(steps)
    return undefined
  }

  const statements: Logged[] = []
  let ring: KeyRing | undefined
  try {
    for (const entry of bundle.entries) {
      ring ??= new KeyRing(genesisOf(bundle))
      statements.push(openEntry(entry, ring))
      if (statements.length % PROGRESS_EVERY === 0) yield { kind: 'progress', name: 'statements', done: statements.length, of: bundle.entries.length }
    }
  } catch (error) {
    steps.add('statements', false, messageOf(error))
    yield* fresh(steps)
    return undefined
  }
  if (!ring || ring.genesis.origin !== checkpoint.origin) {
    steps.add('statements', false, `the genesis is that of ${JSON.stringify(ring?.genesis.origin)}, not of this log`)
    yield* fresh(steps)
    return undefined
  }

  const own = ownWitnesses(statements)
  const cosigned = judgeWitnesses(steps, trusted, own, options)
  judgeMemory(steps, trusted, options)
  const indices = bundle.entries.length === 1 ? `entry ${bundle.entries[0]?.index}` : `${bundle.entries.length} entries, ${bundle.entries[0]?.index} to ${bundle.entries.at(-1)?.index}`
  steps.add('entries', true, `${indices}, in the log of ${checkpoint.size}`)
  steps.add('statements', true, `${plural(statements.length, 'statement')}, each signed by a key that counted`)
  yield* fresh(steps)

  const { predecessor } = ring.genesis
  if (predecessor) steps.notes.push(`This log follows another, ${JSON.stringify(predecessor.origin)}, last known with ${predecessor.size} entries (${JSON.stringify(predecessor.reason)}). What stood there is not part of this.`)
  const instants = statements.map(instantOf)
  const newest = instants.reduce((a, b) => Math.max(a, b), -Infinity)
  const time: KnownTime = cosigned ?? (Number.isFinite(newest) ? { at: newest, source: 'entry' } : { at: options.at, source: 'clock' })
  return { ...trusted, statements, ring, time, spoken: spokenBefore(statements, instants) }
}

/** The steps that were added since the last call. */
const told = new WeakMap<Steps, number>()
export function* fresh(steps: Steps): Generator<Progress, void> {
  for (let i = told.get(steps) ?? 0; i < steps.taken.length; i++) yield { kind: 'step', step: steps.taken[i] as Step }
  told.set(steps, steps.taken.length)
}

function genesisOf({ entries: [first] }: Bundle): Genesis {
  const statement = first?.index === 0 ? decodeStatement(fromBase64(first.envelope.payload)) : undefined
  if (statement?.kind !== 'genesis') throw new VerifyError('malformed', 'the genesis statement, entry 0, is missing')
  return statement.predicate
}

/** The witnesses that the log's own statements call the operator's. */
function ownWitnesses(statements: readonly Logged[]): string[] {
  const own = new Set<string>()
  for (const { statement } of ofKind(statements, 'witness-change')) {
    const { action, vkey, operator } = statement.predicate
    if (operator === 'own') own.add(vkey)
    // Removed, it still ran it: what it cosigned before stays its own.
    else if (action === 'added') own.delete(vkey)
  }
  return [...own]
}

/** The instant that a statement says it was made or observed, in milliseconds; -Infinity when it names none. */
function instantOf({ statement }: Logged): number {
  const { predicate } = statement
  if (statement.kind === 'slot-result') return statement.predicate.observedAt === undefined ? -Infinity : Date.parse(statement.predicate.observedAt)
  return 'at' in predicate ? Date.parse(predicate.at) : -Infinity
}

function spokenBefore(statements: readonly Logged[], instants: readonly number[]): (index: number) => number {
  const newest = new Map<number, number>()
  let running = -Infinity
  for (const [i, { index }] of statements.entries()) {
    newest.set(index, running)
    running = Math.max(running, instants[i] as number)
  }
  return (index) => newest.get(index) ?? -Infinity
}
