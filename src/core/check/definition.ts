import { canonicalBytes, sha256, toHex } from '@vouchsafe/verify'
import { VouchsafeError } from '#core/errors'
import type { CheckDefinition } from './contract.ts'

/** SHA-256 over the canonical JSON of the whole definition: any change of it is a change that readers can see. */
export const definitionDigest = (definition: CheckDefinition): string => toHex(sha256(canonicalBytes(definition)))

/** @throws VouchsafeError `bad-input` for a definition whose results could not mean what the page would say of them */
export function requireSound(definition: CheckDefinition): void {
  const wrong = (message: string): never => {
    throw new VouchsafeError('bad-input', `Check ${definition.id}: ${message}.`)
  }
  if (!/^[a-z0-9][a-z0-9-]*(\/[a-z0-9][a-z0-9.-]*)+$/.test(definition.id)) wrong('the id is lower case, with at least one slash, like github/branch-protection')
  if (definition.controls.length === 0) wrong('it speaks to no control; name at least one')
  if (definition.freshnessSeconds < definition.cadenceSeconds) wrong('the freshness limit is shorter than the cadence, so it would be stale between any two runs')
  if (definition.confirmations < 1 || definition.maxAttempts < 1) wrong('confirmations and attempts are at least 1')
  if (definition.timeLimitSeconds < 1 || definition.timeLimitSeconds > definition.cadenceSeconds) wrong('the time limit is at least a second and at most the cadence')
}

/** @throws VouchsafeError `bad-input` for two checks of one id: readers could not tell whose result they see */
export function requireDistinct(definitions: readonly CheckDefinition[]): void {
  const seen = new Set<string>()
  for (const { id } of definitions) {
    if (seen.has(id)) throw new VouchsafeError('bad-input', `Two checks are called ${id}.`, { mend: 'Give one of them another id.' })
    seen.add(id)
  }
}
