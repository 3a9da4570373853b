import { sentenceDigest } from '@vouchsafe/verify'
import { fold } from './lexicon/index.ts'

/** A claim's wording in the version before. */
export interface ClaimWording {
  claimId: string
  text: string
  section: readonly string[]
  /** Digest its identity is judged by; by default that of its text. */
  digest?: string
}

/** How a line of the new version stems from claims of the one before. Only `carried` keeps the claim and its state. */
export type Link =
  | { kind: 'carried'; claimId: string }
  /** Proposed to a person: changed text never inherits. `similarity` is 0 to 1. */
  | { kind: 'reworded' | 'split' | 'merged'; predecessors: string[]; similarity: number }

export interface NextLine {
  text: string
  claim: boolean
  section: readonly string[]
  digest?: string
}

/** Similar enough to ask a person about: most words shared. */
const SIMILAR = 0.5
/** A part of a split or merged sentence brings most of its words along. */
const CONTAINED = 0.7
/** Comparisons in one section grow with the product of its sentences; beyond this the rest are simply new. */
const MOST_COMPARISONS = 250_000

/**
 * Links from a new version's lines to the claims before, by index of `next`; undefined for new claims and for lines
 * that are no claim. INVARIANT: a claim is carried only on an equal digest in the same section (numbering of headings
 * aside), each at most once; equal sentences pair in order. An equal sentence elsewhere is only proposed, since its
 * heading may have limited it. `former` are claims that an older version had and the one before did not: one that comes back
 * to the letter is the same claim again, and its history goes on; none of them is proposed.
 */
export function carryOver(previous: readonly ClaimWording[], next: readonly NextLine[], former: readonly ClaimWording[] = []): (Link | undefined)[] {
  const links: (Link | undefined)[] = next.map(() => undefined)
  const waiting = new Map<string, ClaimWording[]>()
  for (const wording of [...previous, ...former]) {
    const key = `${sectionKey(wording.section)}\n${wording.digest ?? sentenceDigest(wording.text)}`
    const list = waiting.get(key)
    if (list) list.push(wording)
    else waiting.set(key, [wording])
  }
  const carried = new Set<ClaimWording>()
  next.forEach((line, index) => {
    if (!line.claim) return
    const wording = waiting.get(`${sectionKey(line.section)}\n${line.digest ?? sentenceDigest(line.text)}`)?.shift()
    if (!wording) return
    carried.add(wording)
    links[index] = { kind: 'carried', claimId: wording.claimId }
  })
  const open = previous.filter((wording) => !carried.has(wording)).map((wording) => ({ wording, words: wordsOf(wording.text), section: sectionKey(wording.section) }))
  const fresh = next.flatMap((line, index) => (line.claim && links[index] === undefined ? [{ index, words: wordsOf(line.text), section: sectionKey(line.section), text: line.text }] : []))
  proposeSimilar(open, fresh, links)
  return links
}

interface Open { wording: ClaimWording; words: Set<string>; section: string }
interface Fresh { index: number; words: Set<string>; section: string; text: string }

function proposeSimilar(open: readonly Open[], fresh: readonly Fresh[], links: (Link | undefined)[]): void {
  const bySection = Map.groupBy(open, (entry) => entry.section)
  const movedByText = Map.groupBy(open, (entry) => sentenceDigest(entry.wording.text))
  const parts = new Map<Open, { entry: Fresh; share: number }[]>()
  const best: { entry: Fresh; old: Open; similarity: number }[] = []
  for (const [section, entries] of Map.groupBy(fresh, (entry) => entry.section)) {
    const candidates = bySection.get(section) ?? []
    if (entries.length * candidates.length > MOST_COMPARISONS) continue
    for (const entry of entries) {
      const whole: Open[] = []
      for (const old of candidates) {
        const shared = [...entry.words].filter((word) => old.words.has(word)).length
        const similarity = (2 * shared) / (entry.words.size + old.words.size || 1)
        if (similarity >= SIMILAR) best.push({ entry, old, similarity })
        if (shared >= 3 && shared / entry.words.size >= CONTAINED) parts.set(old, [...(parts.get(old) ?? []), { entry, share: similarity }])
        if (shared >= 3 && shared / old.words.size >= CONTAINED) whole.push(old)
      }
      if (whole.length > 1) links[entry.index] = { kind: 'merged', predecessors: whole.map((old) => old.wording.claimId), similarity: round(overlap(entry.words, whole.flatMap((old) => [...old.words]))) }
    }
  }
  for (const [old, pieces] of parts) {
    if (pieces.length < 2) continue
    for (const { entry, share } of pieces) links[entry.index] ??= { kind: 'split', predecessors: [old.wording.claimId], similarity: round(share) }
  }
  // Best pairs first; a predecessor is proposed for one rewording only.
  const taken = new Set<Open>()
  for (const { entry, old, similarity } of best.toSorted((a, b) => b.similarity - a.similarity)) {
    if (links[entry.index] !== undefined || taken.has(old)) continue
    taken.add(old)
    links[entry.index] = { kind: 'reworded', predecessors: [old.wording.claimId], similarity: round(similarity) }
  }
  for (const entry of fresh) {
    const moved = links[entry.index] === undefined ? movedByText.get(sentenceDigest(entry.text))?.find((old) => !taken.has(old)) : undefined
    if (!moved) continue
    taken.add(moved)
    links[entry.index] = { kind: 'reworded', predecessors: [moved.wording.claimId], similarity: 1 }
  }
}

/** Headings above, their numbering aside: "3. Encryption" renumbered "4. Encryption" is the same section. */
const sectionKey = (section: readonly string[]): string => JSON.stringify(section.map((heading) => fold(heading).replace(/^\d+(?:\.\d+)*[.)]?\s+/, '')))

const wordsOf = (text: string): Set<string> => new Set(fold(text).match(/[\p{L}\p{N}]+(?:[.'-][\p{L}\p{N}]+)*/gu) ?? [])

function overlap(words: ReadonlySet<string>, others: readonly string[]): number {
  const union = new Set(others)
  const shared = [...words].filter((word) => union.has(word)).length
  return (2 * shared) / (words.size + union.size || 1)
}

const round = (value: number): number => Math.round(value * 100) / 100
