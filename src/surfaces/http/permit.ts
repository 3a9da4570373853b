import { VouchsafeError } from '#core/errors'
import { requireStepUp, type Actor, type Contract, type Route } from '#core/module'
import type { Access, Facts } from '#core/permission'

/** `policy.read-draft` → the act `read-draft` on records of type `policy`. */
export function actOf(permission: string): { record: string; name: string } {
  const dot = permission.lastIndexOf('.')
  return { record: permission.slice(0, dot), name: permission.slice(dot + 1) }
}

/** What decides before anything of a request is read: who asks, what they may, and how freshly they showed who they are. */
export interface Standing {
  actor: Actor
  access: Access
  at: Date
}

/**
 * Refuses who may not use a route at all. A route about one record decides again once the record is known: here a rule
 * with a condition lets pass whom it might allow, on every other route it has to hold for all records.
 * @throws VouchsafeError `not-signed-in`, `not-allowed`, `step-up-needed`
 */
export function requirePermit(route: Pick<Route, 'permit' | 'about' | 'stepUp'>, contract: Contract, { actor, access, at }: Standing): void {
  if (route.permit === 'anyone') return
  if (route.permit === 'signed-in') {
    if (actor.kind === 'anyone') throw notSignedIn()
    if (actor.kind !== 'person' || actor.by.kind !== 'session') throw new VouchsafeError('not-allowed', 'This is for a person who has signed in with a session of their own.', { mend: 'Sign in under /console; tokens and the operator have nothing of their own here.' })
  } else {
    const act = { verb: 'act', ...actOf(route.permit) } as const
    if (!(route.about === undefined ? access.allows(act) : access.mightAllow(act))) throw actor.kind === 'anyone' ? notSignedIn() : refusal(route.permit, contract)
  }
  if (route.stepUp) requireStepUp(actor, at)
}

/**
 * Decides about the record that a route is about.
 * @throws VouchsafeError `not-found`, the same for what is not there and for what may not be found; `not-allowed`
 */
export function requireAllowed(route: Pick<Route, 'permit' | 'about'>, contract: Contract, access: Access, facts: Facts | undefined): void {
  const record = route.about?.record ?? ''
  if (facts === undefined || !access.allows({ verb: 'find', record, facts })) throw new VouchsafeError('not-found', `There is no such ${record.replaceAll(/[-_.]/g, ' ')}.`)
  if (route.permit === 'anyone' || route.permit === 'signed-in') return
  const act = actOf(route.permit)
  // An act on another kind of record than the one that the route is about is decided by its own rules alone.
  if (!access.allows({ verb: 'act', record: act.record, name: act.name, ...(act.record === record ? { facts } : {}) })) throw refusal(route.permit, contract)
}

const notSignedIn = (): VouchsafeError => new VouchsafeError('not-signed-in', 'Nobody is signed in.', { mend: 'Sign in under /console, send an API token (Authorization: Bearer vs_…), or use the `vouchsafe` command on the machine of the installation.' })

function refusal(permission: string, contract: Contract): VouchsafeError {
  const sentence = sentenceOf(permission, contract)
  return new VouchsafeError('not-allowed', `You may not do this${sentence === undefined ? '' : `: ${sentence.charAt(0).toLowerCase()}${sentence.slice(1)}`}.`, { mend: `It needs the permission ${permission}. Ask an administrator for a role that holds it.` })
}

function sentenceOf(permission: string, contract: Contract): string | undefined {
  return contract.permissions[permission] ?? contract.needs.map((needed) => sentenceOf(permission, needed)).find((sentence) => sentence !== undefined)
}
