import type { ControlId } from '#core/control'
import type { LineKind, PolicyDocument, PolicyFormat } from '#core/policy'
import type { ConflictKind } from './conflict.ts'
import type { Gap } from './gap.ts'
import type { Proposal, Reading, Reason } from './reading.ts'
import type { Strength } from './strength.ts'
import type { Suggestion } from './suggestion.ts'

/** One line of `import --format jsonl`. Other programs read it: fields may be added, these stay. */
export interface ReportLine {
  text: string
  claim: boolean
  /** Control ids, primary first. */
  controls: ControlId[]
  scope?: string
  strength: Strength
  /** Headings above, outermost first, joined by " › ". */
  section: string
  /** UTF-8 byte offsets into the page, half open. */
  start: number
  end: number
  line: number
  kind: LineKind
  stem?: string
  borderline?: true
  corrected?: true
  reasons: Reason[]
}

export interface Quote {
  line: number
  text: string
  start: number
  end: number
}

/** `import --format json`. */
export interface ImportReport {
  format: PolicyFormat
  title: string
  /** SHA-256 of the page's bytes, hexadecimal. */
  digest: string
  counts: { lines: number; claims: number; hedged: number; negative: number; scoped: number; controls: number }
  lines: ReportLine[]
  gaps: Gap[]
  contradictions: { kind: ConflictKind; a: Quote[]; b: Quote[]; controls: ControlId[]; why: string }[]
  suggestions: Suggestion[]
  blanketHedges: (Quote & { words: string; untilLine: number })[]
  /** Front-matter keys that were not understood. */
  unknownFrontMatter: string[]
}

/** Everything the import found, in the shape that other programs read. */
export function importReport(document: PolicyDocument, reading: Reading): ImportReport {
  const quote = (index: number): Quote => {
    const { line, text, start, end } = reading.lines[index] as Proposal
    return { line, text, start, end }
  }
  const claims = reading.lines.filter((line) => line.claim)
  return {
    format: document.format,
    title: document.title,
    digest: document.digest,
    counts: {
      lines: reading.lines.length,
      claims: claims.length,
      hedged: claims.filter((line) => line.strength === 'hedged').length,
      negative: claims.filter((line) => line.strength === 'negative').length,
      scoped: claims.filter((line) => line.scope !== undefined).length,
      controls: new Set(claims.flatMap((line) => line.controls)).size,
    },
    lines: reading.lines.map(reportLine),
    gaps: reading.gaps,
    contradictions: reading.contradictions.map(({ kind, a, b, controls, why }) => ({ kind, a: a.map(quote), b: b.map(quote), controls, why })),
    suggestions: reading.suggestions,
    blanketHedges: reading.blanketHedges.map((hedge) => ({ ...quote(hedge.line), words: hedge.words, untilLine: hedge.until })),
    unknownFrontMatter: document.frontMatter.unknown,
  }
}

function reportLine(line: Proposal): ReportLine {
  const { text, claim, controls, scope, strength, section, start, end, kind, stem, borderline, corrected, reasons } = line
  return {
    text, claim, controls, ...(scope === undefined ? {} : { scope }), strength, section: section.join(' › '), start, end,
    line: line.line, kind, ...(stem === undefined ? {} : { stem }), ...(borderline ? { borderline } : {}), ...(corrected ? { corrected } : {}), reasons,
  }
}

/** A line a sentence, in document order, non-claims too; ends with a line break. */
export function reportJsonl(report: ImportReport): string {
  return report.lines.map((line) => `${JSON.stringify(line)}\n`).join('')
}

const MARK: Record<Strength, string> = { definite: '●', hedged: '–', negative: '○' }

/** For people at a terminal: sentences with what they rest on, then what the page leaves open. */
export function reportText(report: ImportReport): string {
  const out: string[] = []
  const { counts } = report
  out.push(`${report.title || 'Untitled page'}  (${report.format}, ${counts.lines} lines)`)
  out.push(`${counts.claims} claims on ${counts.controls} controls · ${counts.hedged} hedged · ${counts.negative} negative · ${counts.scoped} limited in scope`, '')
  let section: string | undefined
  for (const line of report.lines) {
    if (line.kind === 'heading') continue
    if (line.section !== section) {
      section = line.section
      if (section !== '') out.push(visible(section))
    }
    if (!line.claim) {
      out.push(`  · ${shorten(line.text)}`)
      continue
    }
    out.push(`  ${MARK[line.strength]} ${shorten(line.text)}`)
    const because = line.reasons.flatMap((reason) => (reason.about === 'control' ? [`${reason.control} ${reason.score.toFixed(2)} because ${reason.words.slice(0, 4).map((word) => `"${visible(word)}"`).join(', ')}`] : []))
    for (const reason of because) out.push(`      ${reason}`)
    for (const reason of line.reasons) {
      if (reason.about === 'strength') out.push(`      ${reason.strength}: "${visible(reason.words)}" ${reason.why}`)
      if (reason.about === 'scope') out.push(`      only for: ${visible(reason.scope)}`)
    }
  }
  list('Blanket hedges', report.blanketHedges.map((hedge) => `"${visible(hedge.words)}" governs what follows: ${shorten(hedge.text)}`))
  list('Contradictions and overclaims', report.contradictions.map((conflict) => `${conflict.kind}: ${conflict.why}\n${[...conflict.a, ...conflict.b].map((quote) => `      “${shorten(quote.text, 100)}”`).join('\n')}`))
  list('Gaps', report.gaps.map((gap) => (gap.kind === 'missing-control' ? `${gap.control}: ${gap.why}` : gap.kind === 'no-control' ? `${shorten(gap.text)}: ${gap.why}` : `${visible(gap.section)}: ${gap.why}`)))
  list('Wordings that could be checked', report.suggestions.map((suggestion) => `${shorten(suggestion.text, 100)}\n      ${suggestion.why}\n      → ${suggestion.wording}\n        checked by (${suggestion.check.automation}) ${suggestion.check.looksAt}`))
  return `${out.join('\n')}\n`

  function list(title: string, entries: readonly string[]): void {
    if (entries.length > 0) out.push('', title, ...entries.map((entry) => `  ${entry}`))
  }
}

/** What comes from the page is shown without control characters: a page must not steer the terminal. */
const visible = (text: string): string => text.replace(/[\u0000-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/g, '')

function shorten(text: string, most = 150): string {
  const clean = visible(text)
  return clean.length <= most ? clean : `${clean.slice(0, most - 1).trimEnd()}…`
}
