import type { ControlId } from '#core/control'
import type { PolicyDocument } from '#core/policy'
import type { BlanketHedge, Proposal } from './reading.ts'
export interface Conflict { kind: string; a: number[]; b: number[]; controls: ControlId[]; why: string }
export function findConflicts(_l: readonly Proposal[], _b: readonly BlanketHedge[], _d: PolicyDocument): Conflict[] { return [] }
