import { VouchsafeError } from '#core/errors'
import { DAY_MS } from './retry.ts'

export interface Endpoint {
  id: string
  title: string
  url: string
  /** Names of events, or `*` alone. */
  events: readonly string[]
  /** Person or service account with whose access it hears of things; absent: the operator made it, and it hears of everything. */
  actsAs?: string
  state: 'on' | 'off'
  offWhy?: OffWhy
  failingSince?: Date
  lastSuccessAt?: Date
  version: number
  createdBy: string
  createdAt: Date
  changedAt: Date
}

/** `asked`: somebody turned it off. The others are our doing, and owners are told. */
export type OffWhy = 'asked' | 'gone' | 'dead' | 'holder-ended'

/** Nothing but failures for so long, and nobody is there any more. */
export const DEAD_AFTER_MS = 5 * DAY_MS
/** Every event looks at all of them. */
export const MOST_ENDPOINTS = 50
const MOST_URL = 2000

/**
 * An address that events may be sent to. Where it leads is judged at each try, by the outbound door.
 * @param allowPlain from the operator's start: plain http is for what is inside
 * @throws VouchsafeError `bad-input`
 */
export function endpointUrl(text: string, { allowPlain }: { allowPlain: boolean }): string {
  const refuse = (message: string): VouchsafeError => new VouchsafeError('bad-input', `Events cannot be sent there: ${message}.`, { mend: 'Give an address such as https://example.com/hooks.', fields: [{ pointer: '/url', message }] })
  if (text.length > MOST_URL || !URL.canParse(text)) throw refuse(text.length > MOST_URL ? `the address is longer than ${MOST_URL} characters` : 'it is no address')
  const url = new URL(text)
  if (url.protocol !== 'https:' && !(allowPlain && url.protocol === 'http:')) throw refuse('it must be https')
  if (url.username !== '' || url.password !== '') throw refuse('it holds a user name or password, which everybody who may see webhooks would see')
  url.hash = ''
  return url.href
}

/** @param known names of all events @throws VouchsafeError `bad-input` */
export function subscribedEvents(names: readonly string[], known: readonly string[]): string[] {
  const wanted = [...new Set(names)]
  const unknown = wanted.filter((name) => name !== '*' && !known.includes(name))
  if (unknown.length > 0) throw new VouchsafeError('bad-input', `There is no event ${JSON.stringify(unknown[0]?.slice(0, 100))}.`, { mend: 'GET /api/v1/webhook-events lists them.', fields: unknown.slice(0, 50).map((name) => ({ pointer: `/events/${names.indexOf(name)}`, message: 'is no event' })) })
  if (wanted.length === 0) throw new VouchsafeError('bad-input', 'A webhook needs at least one event.', { fields: [{ pointer: '/events', message: 'must not be empty' }] })
  return wanted.includes('*') ? ['*'] : wanted
}

export const isSubscribed = ({ events, state }: Pick<Endpoint, 'events' | 'state'>, event: string): boolean => state === 'on' && (events.includes('*') || events.includes(event))

/** What came of one try. */
export interface Try {
  status?: number
  /** Why there was no answer. */
  problem?: string
  answer?: string
  retryAfterSeconds?: number
}

export const succeeded = ({ status }: Try): boolean => status !== undefined && status >= 200 && status < 300

/** What a try says of the endpoint: 410 says that nobody wants it any more (RFC 9110 §15.5.11). */
export function fateOf(endpoint: Pick<Endpoint, 'failingSince'>, tried: Try, at: Date): 'well' | 'failing' | 'gone' | 'dead' {
  if (succeeded(tried)) return 'well'
  if (tried.status === 410) return 'gone'
  return endpoint.failingSince !== undefined && at.getTime() - endpoint.failingSince.getTime() >= DEAD_AFTER_MS ? 'dead' : 'failing'
}
