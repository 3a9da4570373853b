import type { Instant } from '#core/clock'
import type { RoleId } from './role.ts'

export type AssignmentId = string & { readonly __assignment: never }
export type Holder = { readonly kind: 'person' | 'group'; readonly id: string }

/** That somebody holds a role: since when, by whom, why, and until when. */
export interface Assignment {
  readonly id: AssignmentId
  readonly role: RoleId
  readonly holder: Holder
  readonly reason: string
  /** Actor label: `person:<id>`, `operator:<name>`. */
  readonly givenBy: string
  readonly givenAt: Date
  readonly until?: Date
  readonly endedAt?: Date
  readonly endedBy?: string
}

/** An end date ends by itself: nothing has to run for it. */
export const isCurrent = ({ until, endedAt }: Pick<Assignment, 'until' | 'endedAt'>, at: Instant): boolean => endedAt === undefined && (until === undefined || until > at)

/** When the earliest of these ends by itself; what rests on them is not remembered longer. */
export function nextEnd(assignments: Iterable<Pick<Assignment, 'until' | 'endedAt'>>, at: Instant): Date | undefined {
  let next: Date | undefined
  for (const assignment of assignments) if (assignment.until && isCurrent(assignment, at) && (next === undefined || assignment.until < next)) next = assignment.until
  return next
}
