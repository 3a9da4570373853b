import { VouchsafeError } from '#core/errors'
import { CATALOGUE } from './catalogue.ts'
import type { Automation } from './catalogue.ts'

/** A family of controls, worded as a heading ("workforce access"). */
export type ControlFamily = keyof typeof CATALOGUE

/** The id of a control of the catalogue: kebab-case and stable. A misspelt one does not compile. */
export type ControlId = { [F in ControlFamily]: keyof (typeof CATALOGUE)[F] }[ControlFamily]

/** The thing that makes a published claim true. */
export interface Control {
  readonly id: ControlId
  readonly family: ControlFamily
  /** What must be true, as a sentence without a full stop. */
  readonly title: string
  readonly automation: Automation
}

/** Every family, in order of presentation. */
export const CONTROL_FAMILIES = Object.keys(CATALOGUE) as readonly ControlFamily[]

/** Every control, in the order of the catalogue. */
export const CONTROLS: readonly Control[] = CONTROL_FAMILIES.flatMap((family) => {
  const rows: Record<string, readonly [Automation, string]> = CATALOGUE[family]
  return Object.entries(rows).map(([id, [automation, title]]) => Object.freeze({ id: id as ControlId, family, title, automation }))
})

// A Map, not an object: ids come from policies and requests, and 'constructor' must not be found.
const byId: ReadonlyMap<string, Control> = new Map(CONTROLS.map((control) => [control.id, control]))

/** Whether a word from outside is the id of a control. */
export function isControlId(word: unknown): word is ControlId {
  return typeof word === 'string' && byId.has(word)
}

/** The control of an id already known to be one. */
export function controlById(id: ControlId): Control {
  const control = byId.get(id)
  if (!control) throw new VouchsafeError('internal', `The control ${JSON.stringify(id)} is not in the catalogue.`)
  return control
}

/**
 * The id of a control named by a document or a request.
 * @throws VouchsafeError `bad-input` that names the nearest ids of the catalogue
 */
export function parseControlId(word: unknown): ControlId {
  if (isControlId(word)) return word
  const shown = typeof word === 'string' ? JSON.stringify(word.slice(0, 80)) : `A ${word === null ? 'null' : typeof word}`
  const near = typeof word === 'string' ? nearestIds(word) : []
  throw new VouchsafeError('bad-input', `${shown} is not a control of the catalogue.`, {
    mend: near.length > 0 ? `Did you mean ${near.join(' or ')}?` : 'Use an id of the control catalogue, for example encryption-in-transit.',
  })
}

/** At most three ids that share a word with the given one, best first. */
function nearestIds(word: string): ControlId[] {
  const words = new Set(word.slice(0, 80).toLowerCase().split(/[^a-z]+/u).filter((part) => part.length > 2))
  return CONTROLS.map(({ id }) => ({ id, shared: id.split('-').filter((part) => words.has(part)).length }))
    .filter(({ shared }) => shared > 0)
    .toSorted((a, b) => b.shared - a.shared)
    .slice(0, 3)
    .map(({ id }) => id)
}
