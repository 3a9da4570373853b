import { VouchsafeError } from '#core/errors'
import type { Instant } from '#core/clock'
import { type Rendered, textPage } from './respond.ts'
import { machineWords } from './when.tsx'

/** The fields of RFC 9116 that an operator sets. Addresses are URIs: `mailto:`, `tel:` or `https:`. */
export interface SecurityTxtView {
  contacts: readonly string[]
  expires: Instant
  encryption?: readonly string[]
  acknowledgments?: readonly string[]
  preferredLanguages?: readonly string[]
  canonical?: readonly string[]
  policy?: readonly string[]
  hiring?: readonly string[]
}

/**
 * `/.well-known/security.txt`; undefined until a contact is configured, for a file without one is worse than none
 * (RFC 9116 §2.5.3: Contact must be present). Throws `bad-input` for a value that is no such URI or language tag.
 */
export function securityTxt(view: SecurityTxtView): Rendered | undefined {
  if (view.contacts.length === 0) return undefined
  const lines = [
    ...view.contacts.map((contact) => `Contact: ${uri('Contact', contact, /^(?:https:\/\/|mailto:|tel:)/i)}`),
    `Expires: ${machineWords(view.expires)}`, // RFC 9116 §2.5.5: exactly once
    ...(view.encryption ?? []).map((at) => `Encryption: ${uri('Encryption', at, /^(?:https:\/\/|dns:|openpgp4fpr:)/i)}`),
    ...(view.acknowledgments ?? []).map((at) => `Acknowledgments: ${uri('Acknowledgments', at, WEB)}`),
    ...(view.preferredLanguages?.length ? [`Preferred-Languages: ${view.preferredLanguages.map(language).join(', ')}`] : []),
    ...(view.canonical ?? []).map((at) => `Canonical: ${uri('Canonical', at, WEB)}`),
    ...(view.policy ?? []).map((at) => `Policy: ${uri('Policy', at, WEB)}`),
    ...(view.hiring ?? []).map((at) => `Hiring: ${uri('Hiring', at, WEB)}`),
  ]
  return textPage('text/plain', `${lines.join('\r\n')}\r\n`)
}

// RFC 9116 §2.5: web addresses must be https.
const WEB = /^https:\/\//i

function uri(field: string, value: string, scheme: RegExp): string {
  // RFC 3986 has no white space or control character: a line break here would forge a field.
  if (value.length <= 2000 && scheme.test(value) && /^[\x21-\x7e]+$/.test(value) && URL.canParse(value)) return value
  throw new VouchsafeError('bad-input', `${field} of security.txt is not an address that may stand there: ${JSON.stringify(value.slice(0, 80))}.`, {
    mend: field === 'Contact' ? 'Write it as mailto:security@…, https://… or tel:….' : 'Write it as https://….',
  })
}

function language(tag: string): string {
  // RFC 5646 §2.1, as far as a reader of reports needs it
  if (/^[A-Za-z]{2,3}(?:-[A-Za-z0-9]{2,8})*$/.test(tag)) return tag
  throw new VouchsafeError('bad-input', `${JSON.stringify(tag.slice(0, 40))} is not a language tag.`, { mend: 'Write for example en or pt-BR.' })
}
