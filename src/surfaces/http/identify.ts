import type { Context } from 'hono'
import { isVouchsafeError, VouchsafeError } from '#core/errors'
import { ANYONE, type Actor, type Method, type Recognised, type Recognition, type Route, type Shown } from '#core/module'
import { NO_ACCESS, type Access } from '#core/permission'
import { clientOf, type ClientParts } from './client.ts'
import type { Sender } from './mount.ts'
import { headerText } from './operator.ts'

export interface IdentifyParts extends ClientParts {
  /** Whether the Authorization header holds the operator's token. */
  operatorToken(authorization: string | undefined): boolean
  /** Everything, with the record types that lists in SQL need. */
  operatorAccess: Access
  recognition: Recognition
  /** What somebody recognised may do, with this request. */
  accessOf(recognised: Recognised, at: Date): Promise<Access>
  /** What `person` may do, for somebody who may see as they do; audited. @throws VouchsafeError `not-allowed`, `not-found` */
  accessAs(asker: { actor: Actor; access: Access }, person: string, address: string): Promise<Access>
}

/** Header by which a holder of `access.simulate` reads as somebody else would. It never writes. */
export const VIEW_AS = 'vouchsafe-view-as'

/** Tells who sent a request. Two ways lead in: the operator's socket with its token, and what authentication recognises. */
export function identifier(parts: IdentifyParts): (context: Context, at: Date, route: Pick<Route, 'permit'>, passive?: true) => Promise<Sender> {
  return async (context, at, route, passive) => {
    const client = await clientOf(context, parts)
    const operator = operatorOf(context, parts)
    const sender: Sender = operator ? { actor: operator, access: parts.operatorAccess, client } : { ...(await recognised({ ...shownBy(context, client, at), ...(passive ? { passive } : {}) }, route, parts)), client }
    const person = context.req.header(VIEW_AS)
    if (person === undefined) return sender
    if (context.req.method !== 'GET' || route.permit === 'signed-in') throw new VouchsafeError('not-allowed', 'Seen as somebody else, this address can neither be changed nor read.', { mend: `Leave the header ${VIEW_AS} out.` })
    return { ...sender, access: await parts.accessAs(sender, person, context.req.path) }
  }
}

async function recognised(shown: Shown, { permit }: Pick<Route, 'permit'>, parts: IdentifyParts): Promise<Pick<Sender, 'actor' | 'access'>> {
  try {
    const found = await parts.recognition.recognise(shown)
    return found === undefined ? STRANGER : { actor: found.actor, access: await parts.accessOf(found, shown.at) }
  } catch (error) {
    // Who has only an old cookie, or one that another site sent along, may still do what anyone may: sign in, above all.
    // A token of ours was put there on purpose: that it is dead is said wherever it is shown. What is no token of ours may
    // be a signature, which the route looks at.
    if (permit === 'anyone' && !/^Bearer +vs_/i.test(shown.authorization ?? '') && (isVouchsafeError(error, 'not-signed-in') || isVouchsafeError(error, 'not-allowed'))) return STRANGER
    throw error
  }
}

const STRANGER = { actor: ANYONE, access: NO_ACCESS }

function shownBy(context: Context, client: Sender['client'], at: Date): Shown {
  const header = (name: string) => context.req.header(name)
  const [authorization, csrf, origin, fetchSite] = [header('authorization'), header('vouchsafe-csrf'), header('origin'), header('sec-fetch-site')]
  return {
    method: context.req.method as Method,
    client,
    at,
    ...(authorization === undefined ? {} : { authorization }),
    ...(csrf === undefined ? {} : { csrf }),
    ...(origin === undefined ? {} : { origin }),
    ...(fetchSite === undefined ? {} : { fetchSite }),
  }
}

/** The operator, by door and token together; the name is what they call themselves. */
export function operatorOf(context: Context, { operatorToken }: Pick<IdentifyParts, 'operatorToken'>): Extract<Actor, { kind: 'operator' }> | undefined {
  const { door } = (context.env ?? {}) as { door?: string }
  if (door !== 'operator' || !operatorToken(context.req.header('authorization'))) return undefined
  const name = headerText(context.req.header('vouchsafe-as') ?? 'operator')
  if (!/^[\p{L}\p{N}][\p{L}\p{N} .,'@_-]{0,79}$/u.test(name)) throw new VouchsafeError('bad-input', 'The name to act as has letters, digits, spaces and .,\'@_- only, at most 80.')
  return { kind: 'operator', name }
}
