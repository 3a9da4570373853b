import { sameBytes } from '../bytes.ts'
import { VerifyError } from '../errors.ts'
import type { Checkpoint } from './checkpoint.ts'
import { rootsOfConsistency, verifyConsistency } from './merkle.ts'

/** What a reader keeps of a log between visits. */
export type Remembered = Pick<Checkpoint, 'origin' | 'size' | 'root'>

export type Comparison =
  | { kind: 'first-visit' }
  | { kind: 'same' }
  | { kind: 'ahead'; by: number }
  /** Smaller than what was seen before: entries are gone, or an old copy is shown. */
  | { kind: 'rollback'; by: number }
  /** Two trees that cannot both be true. */
  | { kind: 'fork' }
  /** Larger, and nobody has shown that it continues what was seen. Not green. */
  | { kind: 'unproven'; reason: string }

/**
 * Compares a checkpoint, its signature verified, with the last one seen of the same origin.
 * @param proof consistency proof from the remembered size, needed when the log has grown
 */
export function compareWithMemory(remembered: Remembered | undefined, seen: Remembered, proof?: readonly Uint8Array[]): Comparison {
  if (!remembered) return { kind: 'first-visit' }
  if (remembered.origin !== seen.origin) throw new VerifyError('inconsistent', 'two different logs cannot be compared')
  if (seen.size < remembered.size) return { kind: 'rollback', by: remembered.size - seen.size }
  if (seen.size === remembered.size) return { kind: sameBytes(seen.root, remembered.root) ? 'same' : 'fork' }
  const ahead = { kind: 'ahead', by: seen.size - remembered.size } as const
  if (remembered.size === 0) return ahead
  if (!proof) return { kind: 'unproven', reason: 'no consistency proof was given' }
  try {
    const roots = rootsOfConsistency(remembered.size, seen.size, proof)
    // The tree that is shown now did not have, at that size, the root that was shown then.
    if (roots && sameBytes(roots.tree, seen.root) && !sameBytes(roots.old, remembered.root)) return { kind: 'fork' }
    verifyConsistency(remembered.size, seen.size, remembered.root, seen.root, proof)
    return ahead
  } catch (error) {
    // A wrong proof is not yet a fork: whoever carried it may have spoilt it. It is never taken for continuity.
    return { kind: 'unproven', reason: (error as Error).message }
  }
}
