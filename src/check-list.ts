import { requireSound, type Check, type CheckDefinition, type CheckId } from '#core/check'
import { VouchsafeError } from '#core/errors'

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
  const definitions = new Map<CheckId, CheckDefinition>()
  for (const definition of [...run.map((check) => check.definition), ...pushed]) {
    requireSound(definition)
    if (definitions.has(definition.id)) throw new VouchsafeError('bad-input', `Two checks are called ${definition.id}.`, { mend: 'Give one of them another id.' })
    definitions.set(definition.id, definition)
  }
  return { checks: new Map(run.map((check) => [check.definition.id, check])), definitions }
}
