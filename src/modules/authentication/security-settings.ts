import { z } from 'zod'
import { VouchsafeError } from '#core/errors'
import { isWithin, readNetwork } from './network.ts'

const network = z.string().max(50).transform((text, context) => {
  const read = readNetwork(text.trim())
  if (read !== undefined) return read
  context.addIssue({ code: 'custom', message: 'an address or a network such as 203.0.113.0/24 or 2001:db8::/32' })
  return z.NEVER
})

/** Networks, in the form in which they are kept. */
export const Networks = z.array(network).max(200)

/** What an organisation decides about signing in. */
export const SecuritySettings = z.strictObject({
  requireSecondFactor: z.boolean().default(true),
  /** Only by an identity provider; the persons in `breakGlass` may still sign in here, should the provider be away. */
  requireSingleSignOn: z.boolean().default(false),
  breakGlass: z.array(z.uuid()).max(5).default([]),
  /** Empty: from everywhere. */
  networkAllowList: Networks.default([]),
  /** A session ends so long after its last use … */
  idleMinutes: z.number().int().min(5).max(24 * 60).default(60), // SP 800-63B-4 §2.2.3 (AAL2): an hour
  /** … and so long after signing in, used or not. */
  absoluteHours: z.number().int().min(1).max(24 * 30).default(24), // SP 800-63B-4 §2.2.3 (AAL2): a day
  /** The longest life that a token may be given. */
  tokenDays: z.number().int().min(1).max(365).default(365),
})
export type SecuritySettings = z.infer<typeof SecuritySettings>

export const DEFAULT_SECURITY: SecuritySettings = SecuritySettings.parse({})

/** A change of some of them. No defaults here: what is left out stays as it is. */
export const SecurityChange = z.strictObject({
  requireSecondFactor: z.boolean().optional(),
  requireSingleSignOn: z.boolean().optional(),
  breakGlass: z.array(z.uuid()).max(5).optional(),
  networkAllowList: Networks.optional(),
  idleMinutes: z.number().int().min(5).max(24 * 60).optional(),
  absoluteHours: z.number().int().min(1).max(24 * 30).optional(),
  tokenDays: z.number().int().min(1).max(365).optional(),
})
export type SecurityChange = z.infer<typeof SecurityChange>

/**
 * The settings after a change, if it may be made.
 * @param address where the change comes from; undefined: by the socket of this machine, which no list shuts out
 * @throws VouchsafeError `refused` for a change that would lock out whoever makes it, or everybody
 */
export function changedSecurity(current: SecuritySettings, change: SecurityChange, address: string | undefined): SecuritySettings {
  const next: SecuritySettings = SecuritySettings.parse({ ...current, ...Object.fromEntries(Object.entries(change).filter(([, value]) => value !== undefined)) })
  if (next.networkAllowList.length > 0 && change.networkAllowList !== undefined && address !== undefined && !isWithin(address, next.networkAllowList)) {
    throw new VouchsafeError('refused', 'The address that you come from is in none of these networks: you would lock yourself out.', { mend: `Add a network that holds ${address}, or leave the list empty.` })
  }
  if (next.requireSingleSignOn && next.breakGlass.length === 0) {
    throw new VouchsafeError('refused', 'Single sign-on can be required only when somebody may still sign in without it: providers fail.', { mend: 'Name at least one owner in breakGlass.' })
  }
  return next
}
