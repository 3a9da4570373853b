import type { OrganisationDatabase } from '#core/database'
import { readDraft } from './draft.ts'
import { versionOf } from './library.ts'

export interface DiffLine {
  kind: 'same' | 'added' | 'removed' | 'changed'
  before?: string
  after?: string
  /** The new wording promises less: it became hedged or negative, or lost its commitment. */
  weakened?: boolean
}

interface Sentence {
  text: string
  claim: boolean
  strength: 'definite' | 'hedged' | 'negative'
}

/** What changed between two versions of one policy, in document order. */
export async function versionDiff(db: OrganisationDatabase, slug: string, from: number, to: number): Promise<readonly DiffLine[]> {
  const [before, after] = await Promise.all([from, to].map(async (number) => (await readDraft(db, await versionOf(db, slug, number))).reading.lines))
  return diffSentences(before!, after!)
}

/** Sentence by sentence; neighbours that were removed and added in one place, and are alike, read as one change. */
export function diffSentences(before: readonly Sentence[], after: readonly Sentence[]): DiffLine[] {
  const lines: DiffLine[] = []
  const gone: Sentence[] = []
  const come: Sentence[] = []
  const flush = (): void => {
    for (const sentence of gone.splice(0)) {
      const at = come.findIndex((other) => likeness(sentence.text, other.text) >= 0.5)
      if (at < 0) lines.push({ kind: 'removed', before: sentence.text, ...(sentence.claim ? { weakened: true } : {}) })
      else {
        const [next] = come.splice(at, 1)
        lines.push({ kind: 'changed', before: sentence.text, after: next!.text, ...(weakens(sentence, next!) ? { weakened: true } : {}) })
      }
    }
    for (const sentence of come.splice(0)) lines.push({ kind: 'added', after: sentence.text })
  }
  for (const step of longestCommon(before, after)) {
    if (step.kind === 'gone') gone.push(step.sentence)
    else if (step.kind === 'come') come.push(step.sentence)
    else {
      flush()
      lines.push({ kind: 'same', before: step.sentence.text, after: step.sentence.text })
    }
  }
  flush()
  return lines
}

const FORCE = { definite: 2, hedged: 1, negative: 0 } as const
const weakens = (before: Sentence, after: Sentence): boolean => before.claim && (!after.claim || FORCE[after.strength] < FORCE[before.strength])

type Step = { kind: 'same' | 'gone' | 'come'; sentence: Sentence }

/** Longest common subsequence by equal text. Pages have some hundreds of sentences, so the table is small. */
function longestCommon(before: readonly Sentence[], after: readonly Sentence[]): Step[] {
  const width = after.length + 1
  const lengths = new Uint32Array((before.length + 1) * width)
  for (let i = before.length - 1; i >= 0; i--)
    for (let j = after.length - 1; j >= 0; j--)
      lengths[i * width + j] =
        before[i]!.text === after[j]!.text ? lengths[(i + 1) * width + j + 1]! + 1 : Math.max(lengths[(i + 1) * width + j]!, lengths[i * width + j + 1]!)
  const steps: Step[] = []
  let i = 0
  let j = 0
  while (i < before.length || j < after.length) {
    if (i < before.length && j < after.length && before[i]!.text === after[j]!.text) {
      steps.push({ kind: 'same', sentence: after[j]! })
      i++
      j++
    } else if (j >= after.length || (i < before.length && lengths[(i + 1) * width + j]! >= lengths[i * width + j + 1]!)) steps.push({ kind: 'gone', sentence: before[i++]! })
    else steps.push({ kind: 'come', sentence: after[j++]! })
  }
  return steps
}

/** Share of words in common (Dice), 0 to 1. */
function likeness(a: string, b: string): number {
  const words = (text: string): string[] => text.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? []
  const left = words(a)
  const right = new Map<string, number>()
  for (const word of words(b)) right.set(word, (right.get(word) ?? 0) + 1)
  const total = left.length + [...right.values()].reduce((sum, count) => sum + count, 0)
  let shared = 0
  for (const word of left) {
    const count = right.get(word) ?? 0
    if (count > 0) {
      shared++
      right.set(word, count - 1)
    }
  }
  return total === 0 ? 0 : (2 * shared) / total
}
