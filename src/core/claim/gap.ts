import type { PolicyDocument } from '#core/policy'
import type { Proposal } from './reading.ts'
export interface Gap { control: string }
export function findGaps(_l: readonly Proposal[], _d: PolicyDocument): Gap[] { return [] }
