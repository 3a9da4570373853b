import { requireDistinct, requireSound, type Check, type CheckDefinition, type CheckId } from '#core/check'

export interface CheckList {
  /** Run here, by id: built in and declared. */
  checks: ReadonlyMap<CheckId, Check>
  /** Of all checks, those that other tools push among them. */
  definitions: ReadonlyMap<CheckId, CheckDefinition>
}

/**
 * Every check of the installation in one list.
 * @throws VouchsafeError `bad-input` for two checks of one id, or a definition that is not sound: it stops the start
 */
export function checkList(run: readonly Check[], pushed: Iterable<CheckDefinition>): CheckList {
  const definitions = [...run.map((check) => check.definition), ...pushed]
  requireDistinct(definitions)
  definitions.forEach(requireSound)
  return { checks: new Map(run.map((check) => [check.definition.id, check])), definitions: new Map(definitions.map((definition) => [definition.id, definition])) }
}
