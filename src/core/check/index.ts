export * from './contract.ts'
export { checksFor, type BindableClaim } from './binding.ts'
export { definitionDigest, requireDistinct, requireSound } from './definition.ts'
export { CheckEngine, type EngineParts, type RunOutcome } from './engine.ts'
export { createVault, evidenceRing, type EvidenceAddress, type EvidenceVault, type KeptEvidence } from './evidence.ts'
export { fails, holds, looksAt, selfCheck, unknown, type Looking, type SelfCheckTerms, type Sight } from './self-check.ts'
export { owed, slotEnd, type Schedule } from './slots.ts'
export {
  allSlots,
  chainOf,
  closingLeaves,
  checkMigrations,
  decidingSlots,
  findRun,
  latestRuns,
  listBindings,
  pastRuns,
  recentSlots,
  standing,
  type BindingRecord,
  type CheckTables,
  type RunRecord,
  type SlotRecord,
  type ToldSlot,
} from './store.ts'
export * from './declared/index.ts'
export { runIsolated, type IsolatedResult } from './isolation.ts'
export * from './pushed/index.ts'
export * from './runner/index.ts'
