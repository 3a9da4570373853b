import type { Proposal } from './reading.ts'
export interface Suggestion { line: number }
export function suggestWording(_l: Proposal): Suggestion | undefined { return undefined }
