import type { Actor as Auditable } from '#core/database'
import type { Actor } from '#core/module'

/** Who acts, as the audit names them: the operator by the name they call themselves, everybody else by their id. */
export const audited = (actor: Extract<Actor, { kind: 'operator' | 'person' | 'service' }>): Auditable => (actor.kind === 'operator' ? { kind: 'operator', name: actor.name } : { kind: actor.kind, name: actor.id })
