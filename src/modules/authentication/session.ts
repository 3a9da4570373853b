import type { Standing } from '#modules/identity'
import type { SecuritySettings } from './security-settings.ts'

/** How somebody showed that it is them. `provider`: somebody else's word for it (OIDC, SAML). */
export type Factor = 'passkey' | 'password' | 'totp' | 'recovery-code' | 'provider'

/** Which identity provider vouched for somebody, as whom, and in which session of its own: its logout ends ours by it. */
export interface Provenance {
  provider: string
  subject: string
  /** The provider's own id of the session, where it gives one. */
  session?: string
}

/** A session as it is kept. The cookie itself is not: only its digest. */
export interface Session {
  id: string
  personId: string
  epoch: number
  factors: readonly Factor[]
  createdAt: Date
  lastSeenAt: Date
  /** Whatever happens, it is over then. */
  endsAt: Date
  /** Until when dangerous acts need nothing more. */
  strongUntil?: Date
  address: string
  device: string
}

/** How long a second factor counts for dangerous acts. */
export const STRONG_MINUTES = 10
/** `lastSeenAt` is written at most so often: a session that is used costs one write a minute. */
export const SEEN_EVERY_MS = 60_000

/**
 * Whether a session still speaks for its person.
 * @param standing undefined: there is no such person
 * @returns why not, or undefined
 */
export function deathOf(session: Session, standing: Standing | undefined, settings: Pick<SecuritySettings, 'idleMinutes' | 'absoluteHours'>, at: Date): 'ended' | 'idle' | 'over' | undefined {
  if (standing === undefined || !standing.active || standing.kind !== 'person' || standing.epoch !== session.epoch) return 'ended'
  // A limit that was made shorter holds for sessions that are open already.
  if (at >= session.endsAt || elapsedMs(session.createdAt, at) >= settings.absoluteHours * 3_600_000) return 'over'
  if (elapsedMs(session.lastSeenAt, at) >= settings.idleMinutes * 60_000) return 'idle'
  return undefined
}

/** A clock that was set back ages nothing, and makes nothing younger than it is. */
const elapsedMs = (since: Date, at: Date): number => Math.max(0, at.getTime() - since.getTime())

/** Whether the second factor still counts. A clock set back by more than the limit ends it: it cannot have been shown in the future. */
export function isStrong(strongUntil: Date | undefined, at: Date): boolean {
  return strongUntil !== undefined && at < strongUntil && strongUntil.getTime() - at.getTime() <= STRONG_MINUTES * 60_000
}

/** What people recognise a device by, from the words of its browser. Shown as text only. */
export function deviceText(userAgent: string | undefined): string {
  if (userAgent === undefined || userAgent === '') return 'unknown device'
  const browser = (/(Firefox|Edg|OPR|SamsungBrowser)\/\d+/.exec(userAgent) ?? /(Chrome)\/\d+/.exec(userAgent) ?? /(Safari)\/\d+/.exec(userAgent))?.[1]
  const names: Readonly<Record<string, string>> = { Edg: 'Edge', OPR: 'Opera', SamsungBrowser: 'Samsung Internet' }
  const system = /Android|iPhone|iPad|Windows|Mac OS X|CrOS|Linux/.exec(userAgent)?.[0].replace('Mac OS X', 'macOS').replace('CrOS', 'ChromeOS')
  if (browser === undefined) return userAgent.replace(/[^\x20-\x7e]/g, '').slice(0, 60) || 'unknown device'
  return `${names[browser] ?? browser}${system === undefined ? '' : ` on ${system}`}`
}
