import type { ControlId } from '#core/control'
import type { Line, LineKind, PolicyDocument } from '#core/policy'
import { findConflicts, type Conflict } from './conflict.ts'
import { formOf } from './form.ts'
import { findGaps, type Gap } from './gap.ts'
import { fold, matchControls } from './lexicon/index.ts'
import { productsOf, scopeOf } from './scope.ts'
import { isBlanketHedge, type Strength, strengthOf } from './strength.ts'
import { suggestWording, type Suggestion } from './suggestion.ts'

/** Why a proposal says what it says, in words a person can check against the sentence. */
export type Reason =
  | { about: 'claim'; why: string; words?: string }
  | { about: 'control'; control: ControlId; score: number; words: string[] }
  | { about: 'near-miss'; control: ControlId; words: string; why: string }
  | { about: 'strength'; strength: Strength; words: string; why: string }
  | { about: 'scope'; scope: string; why: string }

/** What the system proposes for one line. A person decides; `reasons` lets them see how it came about. */
export interface Proposal {
  /** Index of the line in the document. */
  line: number
  text: string
  claim: boolean
  /** Primary first; empty for claims the catalogue has nothing for, and for lines that are no claim. */
  controls: ControlId[]
  strength: Strength
  scope?: string
  /** Texts of the headings above, outermost first. */
  section: string[]
  /** UTF-8 byte offsets into the page, half open. */
  start: number
  end: number
  kind: LineKind
  stem?: string
  /** The judgement could go either way; a person should look. */
  borderline?: true
  /** A person's correction stands here. */
  corrected?: true
  /** Ids of checks that a person chose for it. */
  checks?: string[]
  reasons: Reason[]
}

export interface BlanketHedge {
  /** Index of the hedging line, and of the last line it governs. */
  line: number
  until: number
  words: string
}

export interface Reading {
  lines: Proposal[]
  blanketHedges: BlanketHedge[]
  contradictions: Conflict[]
  suggestions: Suggestion[]
  gaps: Gap[]
}

/** From this score on a control is bound; the figure is a threshold on evidence, not a probability. */
const BINDS = 0.5
/** Less is enough where the sentence plainly speaks of what is done: most such sentences on a security page commit. */
const BINDS_PLAIN = 0.34
const PLAIN = /^(?:we (?!will continue|believe|think|hope|want|can (?:catch|see)|expose)|our (?!mission|vision|goal|story|philosophy)|all |every (?!claim|cloud|step)|most |each |only |no |any |individuals |customers |users )|\b(?:is|are) (?:\w+ly )?\w+(?:ed|en)\b/
/** A further control needs this much evidence, and this share of the first one's. */
const BINDS_FURTHER = 0.72
const SHARE_OF_FIRST = 0.8
const MOST_CONTROLS = 5
/** Longer sentences are read by their beginning: the patterns are linear, but a page may be one sentence. */
const LONGEST_READ = 1_500

/** Reads a page into proposals. Pure, no network, no model; linear in the page. */
export function readClaims(document: PolicyDocument): Reading {
  const products = productsOf(document)
  const lines = document.lines.map((line) => proposeLine(line, document, products))
  carryAnaphora(lines, document)
  const blanketHedges = findBlanketHedges(lines)
  return {
    lines,
    blanketHedges,
    contradictions: findConflicts(lines, blanketHedges, document),
    suggestions: lines.flatMap((line) => suggestWording(line) ?? []),
    gaps: findGaps(lines, document),
  }
}

function proposeLine(line: Line, document: PolicyDocument, products: readonly string[]): Proposal {
  const text = fold(line.text.slice(0, LONGEST_READ))
  const stem = stemFor(line, text, document)
  const proposal: Proposal = {
    line: line.index, text: line.text, claim: false, controls: [], strength: 'definite', section: line.section,
    start: line.start, end: line.end, kind: line.kind, ...(line.stem === undefined ? {} : { stem: line.stem }), reasons: [],
  }
  const answer = /^no[.,!]/.test(text) && text.length < 30 && stem.endsWith('?') ? refusal(stem, proposal) : undefined
  if (answer) return answer
  const form = formOf(line, text, stem)
  if (form.kind === 'none') {
    proposal.reasons.push({ about: 'claim', why: form.why, ...(form.words === '' ? {} : { words: form.words }) })
    return proposal
  }
  const withLinks = `${text} ${line.links.map((href) => href.toLowerCase()).filter((href) => /^mailto:|status\.|statuspage|hackerone|bugcrowd|security\.txt/.test(href) && !text.includes(href.replace(/^mailto:/, ''))).join(' ')}`.trimEnd()
  const { matches, nearMisses } = matchControls(withLinks, stem, [...line.section.map(fold), ...labelOf(text)])
  const best = Math.max(0, ...matches.map((match) => match.score))
  const plain = line.kind !== 'sentence' || (line.section.length > 0 && PLAIN.test(text) && !/^(?:if|as|when|while|for|at|by|because|in order)\b/.test(text))
  const needs = form.kind === 'weak' ? form.needs : plain ? BINDS_PLAIN : BINDS
  for (const miss of nearMisses) proposal.reasons.push({ about: 'near-miss', ...miss })
  if (best < needs) {
    proposal.reasons.unshift({ about: 'claim', why: form.kind === 'weak' ? form.why : 'names nothing that could be checked', ...(form.kind === 'weak' ? { words: form.words } : {}) })
    if (best >= BINDS_PLAIN) proposal.borderline = true
    return proposal
  }
  proposal.claim = true
  const bound = matches.filter((match, index) => index === 0 || (match.score >= BINDS_FURTHER && match.score >= best * SHARE_OF_FIRST)).slice(0, MOST_CONTROLS)
  proposal.controls = bound.map((match) => match.control)
  for (const match of bound) proposal.reasons.push({ about: 'control', control: match.control, score: match.score, words: match.words })
  if (best < 0.65 || form.kind === 'weak') proposal.borderline = true
  const strength = strengthOf(text, line.kind === 'sentence' ? '' : stem)
  proposal.strength = strength.strength
  if (strength.words !== undefined) proposal.reasons.push({ about: 'strength', strength: strength.strength, words: strength.words, why: strength.why ?? '' })
  const scope = scopeOf(line, document, proposal.controls, products)
  if (scope) {
    proposal.scope = scope.scope
    proposal.reasons.push({ about: 'scope', scope: scope.scope, why: `limited by the ${scope.from}` })
  }
  return proposal
}

/** "Devices — our team …", "Backups: every …": a label before the sentence speaks like a heading. */
function labelOf(text: string): string[] {
  const label = /^([a-z][\w &/-]{2,40}?)(?: [\u2014\u2013-] |: )\S/.exec(text)?.[1]
  return label === undefined ? [] : [label]
}

/**
 * What a line is read with: the stem of its list or cell, the question it answers, or, where it begins by
 * pointing back, the sentence before it in its paragraph.
 */
function stemFor(line: Line, text: string, document: PolicyDocument): string {
  if (line.stem !== undefined) return fold(line.stem.slice(-LONGEST_READ))
  const question = line.section.at(-1)
  if (question?.endsWith('?') === true && /^(?:yes|no)\b/.test(text)) return fold(question)
  const before = document.lines[line.index - 1]
  if (before !== undefined && before.block === line.block && GOES_ON.test(text)) return fold(before.text.slice(-LONGEST_READ))
  return ''
}

/** "No." under a question about a safeguard: the safeguard is absent. */
function refusal(question: string, proposal: Proposal): Proposal | undefined {
  const [match] = matchControls(question).matches
  if (match === undefined || match.score < BINDS) return undefined
  return {
    ...proposal, claim: true, controls: [match.control], strength: 'negative',
    reasons: [{ about: 'control', control: match.control, score: match.score, words: match.words }, { about: 'strength', strength: 'negative', words: 'No', why: 'denies what the heading asks' }],
  }
}

// A sentence that goes on from the one before it: "These logs …", "This includes …", "It can be …".
const GOES_ON = /^(?:this (?:includes?|means|also|policy)|these|they|it|such|all of (?:them|these)|both|from there|the same)\b/

/** A line that points back takes up the subject of the claim before it in the same paragraph or item. */
function carryAnaphora(lines: Proposal[], document: PolicyDocument): void {
  for (let index = 1; index < lines.length; index++) {
    const line = lines[index] as Proposal
    const before = lines[index - 1] as Proposal
    if (line.claim || line.kind === 'heading' || !before.claim || before.controls.length === 0) continue
    if (document.lines[index]?.block !== document.lines[index - 1]?.block) continue
    const text = fold(line.text.slice(0, LONGEST_READ))
    if (!GOES_ON.test(text) || formOf(document.lines[index] as Line, text).kind !== 'statement') continue
    line.claim = true
    line.borderline = true
    line.controls = [before.controls[0] as ControlId]
    const strength = strengthOf(text)
    line.strength = strength.strength
    line.reasons = [{ about: 'claim', why: 'goes on from the sentence before it' }]
    if (strength.words !== undefined) line.reasons.push({ about: 'strength', strength: strength.strength, words: strength.words, why: strength.why ?? '' })
  }
}

/** One hedge can govern a page or a section. It is reported once; lines keep their own strength. */
function findBlanketHedges(lines: readonly Proposal[]): BlanketHedge[] {
  const hedges: BlanketHedge[] = []
  for (const line of lines) {
    if (line.kind === 'heading' || !isBlanketHedge(fold(line.text.slice(0, LONGEST_READ)))) continue
    const reason = line.reasons.find((entry) => entry.about === 'strength')
    const wide = lines.slice(0, line.line).filter((other) => other.claim).length === 0
    const sectionEnd = lines.findIndex((other) => other.line > line.line && line.section.some((heading, depth) => other.section[depth] !== heading))
    hedges.push({ line: line.line, until: wide || sectionEnd < 0 ? lines.length - 1 : sectionEnd - 1, words: reason?.about === 'strength' ? reason.words : line.text })
  }
  return hedges
}
