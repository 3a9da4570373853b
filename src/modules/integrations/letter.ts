import { VouchsafeError } from '#core/errors'
import { headerText, mailAddress } from './header.ts'

/** What a letter is about, as the queue shows it. */
export type LetterKind = 'invitation' | 'password-reset' | 'notice' | 'webhook-off' | 'test' | 'letter'

/** What others hand in. `text` always is there; `html` may say the same with marks. */
export interface Letter {
  to: string
  subject: string
  text: string
  html?: string
  kind?: LetterKind
  /** After this it is not sent any more: what it says, or the link in it, is worth nothing. */
  notAfter?: Date
}

/** As it is sealed. */
export interface LetterText {
  subject: string
  text: string
  html?: string
}

const MOST_BYTES = 256 * 1024 // a hundred pages; whoever has more to say sends a link

/** @throws VouchsafeError `bad-input`, `too-large` */
export function readLetter({ to, subject, text, html }: Letter): { recipient: string; said: LetterText } {
  const said: LetterText = { subject: headerText(subject, 'subject'), text, ...(html === undefined ? {} : { html }) }
  if (Buffer.byteLength(JSON.stringify(said)) > MOST_BYTES) throw new VouchsafeError('too-large', `A letter has at most ${MOST_BYTES / 1024} KB.`)
  return { recipient: mailAddress(to), said }
}

export const sealedForm = (said: LetterText): Buffer => Buffer.from(JSON.stringify(said))
export const openedForm = (bytes: Buffer): LetterText => JSON.parse(bytes.toString()) as LetterText

/** Letters to one address in an hour; the next ones wait for the next hour, and nobody is flooded through us. */
const MOST_AN_HOUR = 20
/** Letters to one address in a day; what comes on top is dropped. */
const MOST_A_DAY = 100

export type Pace = { kind: 'now' } | { kind: 'later'; byMs: number } | { kind: 'dropped' }

/** How soon a letter goes, by how many went to the same address before. Whoever queues it sees no difference. */
export function paceOf({ lastHour, lastDay }: { lastHour: number; lastDay: number }): Pace {
  if (lastDay >= MOST_A_DAY) return { kind: 'dropped' }
  if (lastHour >= MOST_AN_HOUR) return { kind: 'later', byMs: 3_600_000 }
  return { kind: 'now' }
}
