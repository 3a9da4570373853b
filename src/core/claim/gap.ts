import { type ControlId, controlById } from '#core/control'
import type { PolicyDocument } from '#core/policy'
import { fold, matchControls } from './lexicon/index.ts'
import type { Proposal } from './reading.ts'

/** Something a reader would look for and not find. */
export type Gap =
  /** The page speaks of the subject and says nothing of this control. */
  | { kind: 'missing-control'; control: ControlId; because: ControlId[]; why: string }
  /** A claim that the catalogue has no control for: a person must name one, or it cannot be checked. */
  | { kind: 'no-control'; line: number; text: string; why: string }
  /** A heading announces a subject and no claim under it commits to anything. */
  | { kind: 'empty-section'; section: string; why: string }

// Who says the first leads readers to expect the second.
const LEADS_TO: readonly (readonly [ControlId, readonly ControlId[]])[] = [
  ['backup-daily', ['backup-restore-tested', 'encryption-backups']],
  ['encryption-in-transit', ['encryption-at-rest']],
  ['encryption-at-rest', ['encryption-in-transit', 'key-management']],
  ['encryption-backups', ['backup-restore-tested']],
  ['incident-response', ['incident-notification']],
  ['incident-notification', ['incident-response']],
  ['disclosure-channel', ['disclosure-response-time', 'safe-harbor']],
  ['bounty-stated', ['safe-harbor', 'disclosure-channel']],
  ['access-production-limited', ['access-logged', 'access-removed', 'access-reviewed', 'workforce-mfa']],
  ['access-role-based', ['access-reviewed', 'access-removed']],
  ['onboarding-complete', ['offboarding-complete']],
  ['background-check', ['confidentiality-agreement', 'security-training']],
  ['offboarding-complete', ['access-removed']],
  ['dependency-scan', ['patch-sla']],
  ['infrastructure-scan', ['patch-sla']],
  ['vulnerability-triage', ['patch-sla']],
  ['penetration-test', ['patch-sla']],
  ['hosting-stated', ['hosting-region', 'tenant-isolation']],
  ['certification-stated', ['documents-on-request', 'penetration-test']],
  ['subprocessors-listed', ['subprocessor-agreements', 'subprocessor-notice']],
  ['audit-log-captured', ['audit-log-archived', 'audit-log-monitored']],
  ['availability-slo', ['status-page', 'business-continuity']],
  ['redundancy', ['business-continuity']],
  ['privacy-law', ['data-subject-requests', 'data-retention', 'breach-notification']],
  ['privacy-policy', ['data-retention']],
  ['code-reviewed', ['change-tested']],
  ['customer-rbac', ['customer-audit-log']],
  ['customer-sso', ['customer-mfa']],
  ['payment-processor', ['no-card-storage']],
]

export function findGaps(lines: readonly Proposal[], document: PolicyDocument): Gap[] {
  const said = new Set(lines.flatMap((line) => (line.claim ? line.controls : [])))
  const expected = new Map<ControlId, ControlId[]>()
  for (const [control, follows] of LEADS_TO) {
    if (!said.has(control)) continue
    for (const next of follows) if (!said.has(next)) expected.set(next, [...(expected.get(next) ?? []), control])
  }
  const gaps: Gap[] = [...expected].map(([control, because]) => ({
    kind: 'missing-control', control, because,
    why: `The page speaks of ${because.map((id) => id.replaceAll('-', ' ')).join(' and ')}; a reader will look for this: ${lowerFirst(controlById(control).title)}.`,
  }))
  for (const line of lines)
    if (line.claim && line.controls.length === 0) gaps.push({ kind: 'no-control', line: line.line, text: line.text, why: 'The sentence commits the company, and no control of the catalogue stands behind it.' })
  return [...gaps, ...emptySections(lines, document)]
}

function emptySections(lines: readonly Proposal[], document: PolicyDocument): Gap[] {
  const gaps: Gap[] = []
  document.lines.forEach((heading, index) => {
    if (heading.kind !== 'heading') return
    const next = document.lines.findIndex((line, at) => at > index && line.kind === 'heading' && (line.depth ?? 6) <= (heading.depth ?? 6))
    const under = lines.slice(index + 1, next < 0 ? undefined : next)
    if (under.length === 0 || under.some((line) => line.claim)) return
    const subject = matchControls(fold(heading.text)).matches[0]
    if (subject === undefined || subject.score < 0.5) return
    gaps.push({ kind: 'empty-section', section: heading.text, why: `The heading leads readers to expect ${subject.control.replaceAll('-', ' ')}, and nothing under it commits to it.` })
  })
  return gaps
}

const lowerFirst = (text: string): string => (/^[A-Z][a-z ]/.test(text) ? text.charAt(0).toLowerCase() + text.slice(1) : text)
