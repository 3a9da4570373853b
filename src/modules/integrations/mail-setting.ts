import { X509Certificate } from 'node:crypto'
import { z } from 'zod'
import { VouchsafeError, type FieldError } from '#core/errors'
import { headerText, mailAddress } from './header.ts'

/** How letters leave: `starttls` and `implicit` are refused without a certificate that is good for the host. */
export type Encryption = 'starttls' | 'implicit' | 'none'

export interface MailSetting {
  host: string
  port: number
  tls: Encryption
  username?: string
  fromAddress: string
  fromName: string
  /** Certificate (PEM) of the operator's own authority, trusted besides the usual ones. */
  authority?: string
  version: number
  changedAt: Date
}

const HOST = /^(?=.{1,253}$)([a-z0-9]([a-z0-9-]*[a-z0-9])?\.)*[a-z0-9]([a-z0-9-]*[a-z0-9])?$|^\[?[0-9a-f:]{2,45}\]?$/i
/** Submission (RFC 6409, RFC 8314), relay, and the port that hosters offer where those are closed. */
export const MAIL_PORTS: readonly number[] = [25, 465, 587, 2525]

/** What is sent to set it. `password` null: there is none any more; left out: the one that is kept stays. */
export const MailSettingInput = z.strictObject({
  host: z.string().regex(HOST, 'a host name or an address'),
  port: z.number().int().min(1).max(65535),
  tls: z.enum(['starttls', 'implicit', 'none']).default('starttls'),
  username: z.string().min(1).max(320).nullish(),
  password: z.string().min(1).max(1000).nullish(),
  fromAddress: z.string().max(320),
  fromName: z.string().min(1).max(100),
  authority: z.string().max(20_000).nullish(),
})
export type MailSettingInput = z.infer<typeof MailSettingInput>

/**
 * Judges new settings. A name in the clear on the way to another machine would show every reset link to whoever listens,
 * so `none` is for a mail server on this machine alone.
 * @param allowAnyPort from the operator's start: other ports would let whoever may change this try services inside
 * @throws VouchsafeError `bad-input` naming each member
 */
export function judgeMailSetting(input: MailSettingInput, { allowAnyPort }: { allowAnyPort: boolean }): Omit<MailSetting, 'version' | 'changedAt'> {
  const fields: FieldError[] = []
  const host = input.host.replace(/^\[|\]$/g, '').toLowerCase()
  const say = (member: string, message: string): void => void fields.push({ pointer: `/${member}`, message })
  if (input.tls === 'none' && !isThisMachine(host)) say('tls', 'only a mail server on this machine may be spoken to in the clear')
  if (!allowAnyPort && !MAIL_PORTS.includes(input.port)) say('port', `must be one of ${MAIL_PORTS.join(', ')}, unless the program was started with --allow-private`)
  if (typeof input.password === 'string' && typeof input.username !== 'string') say('password', 'is of no use without a user name')
  if (typeof input.username === 'string' && input.tls === 'none') say('username', 'is not sent in the clear')
  // eslint-disable-next-line no-control-regex -- a NUL parts name and password in AUTH PLAIN (RFC 4616 §2)
  for (const member of ['username', 'password'] as const) if (/[\u0000\r\n]/.test(input[member] ?? '')) say(member, 'holds a character that cannot be sent')
  if (typeof input.authority === 'string' && !isCertificate(input.authority)) say('authority', 'must be one certificate in PEM')
  let fromAddress = ''
  try {
    fromAddress = mailAddress(input.fromAddress)
  } catch (error) {
    if (!(error instanceof VouchsafeError)) throw error
    say('fromAddress', error.message)
  }
  try {
    headerText(input.fromName, 'name', 100)
  } catch (error) {
    if (!(error instanceof VouchsafeError)) throw error
    say('fromName', error.message)
  }
  if (fields.length > 0) throw new VouchsafeError('bad-input', `The mail server cannot be set: ${fields.map(({ pointer, message }) => `${pointer.slice(1)}: ${message}`).join('; ')}.`, { mend: 'Mend each member that is named.', fields })
  return {
    host,
    port: input.port,
    tls: input.tls,
    ...(typeof input.username === 'string' ? { username: input.username } : {}),
    fromAddress,
    fromName: input.fromName,
    ...(typeof input.authority === 'string' ? { authority: input.authority } : {}),
  }
}

const isThisMachine = (host: string): boolean => host === 'localhost' || host === '::1' || /^127\.\d{1,3}\.\d{1,3}\.\d{1,3}$/.test(host)

function isCertificate(pem: string): boolean {
  try {
    return new X509Certificate(pem).ca
  } catch {
    return false
  }
}
