import { rootCertificates } from 'node:tls'
import nodemailer from 'nodemailer'
import type { LetterText } from './letter.ts'
import type { MailSetting } from './mail-setting.ts'

/** What became of handing a letter to the mail server. */
export type Handed =
  | { kind: 'accepted' }
  /** For good, and about this letter: nobody has this address there, say. */
  | { kind: 'refused'; problem: string }
  /** For now, and about this letter (4xx). */
  | { kind: 'deferred'; problem: string }
  /** The server itself: away, wrong certificate, wrong password. No other letter would fare better. */
  | { kind: 'down'; problem: string }

export interface Outgoing {
  id: string
  recipient: string
  createdAt: Date
  said: LetterText
}

const CONNECT_MS = 10_000
const SILENCE_MS = 20_000 // RFC 5321 §4.5.3.2 grants minutes; a lane of the worker is worth more here
const MOST_PROBLEM = 300

/**
 * Hands one letter to the mail server (RFC 5321, RFC 3207). Without a certificate that is good for the host nothing is said
 * to it, neither the password nor the letter. The Message-ID is the same at every try, so that a mailbox can tell a
 * repetition: when we die between its answer and our record, the letter goes a second time.
 */
export async function handOver(setting: MailSetting & { password?: string }, letter: Outgoing): Promise<Handed> {
  const domain = domainOf(setting)
  const transport = transportTo(setting)
  try {
    await transport.sendMail({
      // INVARIANT: the envelope names one address, parsed by us; nothing of a header decides who gets it.
      envelope: { from: setting.fromAddress, to: [letter.recipient] },
      from: { name: setting.fromName, address: setting.fromAddress },
      to: { name: '', address: letter.recipient },
      subject: letter.said.subject,
      text: letter.said.text,
      ...(letter.said.html === undefined ? {} : { html: letter.said.html }),
      messageId: `<${letter.id}@${domain}>`,
      date: letter.createdAt,
      headers: {
        // RFC 3834 §5: a robot wrote it; no robot answers.
        'Auto-Submitted': 'auto-generated',
        'X-Auto-Response-Suppress': 'All',
      },
    })
    return { kind: 'accepted' }
  } catch (error) {
    return judged(error)
  } finally {
    transport.close()
  }
}

const domainOf = ({ fromAddress }: MailSetting): string => fromAddress.slice(fromAddress.lastIndexOf('@') + 1)

function transportTo(setting: MailSetting & { password?: string }) {
  return nodemailer.createTransport({
    host: setting.host,
    port: setting.port,
    // Not the name of this machine, which concerns nobody outside.
    name: domainOf(setting),
    secure: setting.tls === 'implicit',
    requireTLS: setting.tls === 'starttls',
    ignoreTLS: setting.tls === 'none',
    tls: { minVersion: 'TLSv1.2', rejectUnauthorized: true, ...(setting.authority === undefined ? {} : { ca: [...rootCertificates, setting.authority] }) },
    ...(setting.username === undefined ? {} : { auth: { user: setting.username, pass: setting.password ?? '' } }),
    connectionTimeout: CONNECT_MS,
    greetingTimeout: CONNECT_MS,
    dnsTimeout: CONNECT_MS,
    socketTimeout: SILENCE_MS,
    // A letter never reads a file or an address of its own, whatever is written in it.
    disableFileAccess: true,
    disableUrlAccess: true,
    logger: false,
    debug: false,
  })
}

/** Greets the server and signs in, as before a letter, and sends none. `untrusted`: no TLS, or not by its certificate. */
export async function greet(setting: MailSetting & { password?: string }): Promise<{ kind: 'well' } | { kind: 'untrusted' | 'away'; problem: string }> {
  const transport = transportTo(setting)
  try {
    await transport.verify()
    return { kind: 'well' }
  } catch (error) {
    const { code, message } = error as { code?: string; message?: string }
    // A certificate that is not good ends the socket; only the message of Node itself, not the server's words, comes with that code.
    const badCertificate = code === 'ESOCKET' && /certificate|altnames/i.test(message ?? '')
    return { kind: badCertificate || code === 'ETLS' || code === 'EAUTH' ? 'untrusted' : 'away', problem: problemText(message) }
  } finally {
    transport.close()
  }
}

/** What a failure of nodemailer means. Pure. */
export function judged(error: unknown): Handed {
  const { code, responseCode, command, message } = error as { code?: string; responseCode?: number; command?: string; message?: string }
  const problem = problemText(message)
  // What is said to our name, our password or our sender address is said to every letter.
  const isAboutLetter = (code === 'EENVELOPE' || code === 'EMESSAGE') && command !== 'MAIL FROM'
  if (!isAboutLetter || responseCode === undefined) return { kind: 'down', problem }
  // RFC 5321 §4.2.1: 4yz is for now, 5yz for good. 421: the server is closing.
  if (responseCode === 421) return { kind: 'down', problem }
  return { kind: responseCode >= 500 ? 'refused' : 'deferred', problem }
}

/** The server's own words, for whoever keeps the settings: cut, and without what could move a terminal. */
function problemText(message = 'no reason was given'): string {
  // eslint-disable-next-line no-control-regex -- these are what is taken out
  const line = message.replaceAll(/[\u0000-\u001f\u007f-\u009f\u2028-\u202e\u2066-\u2069]+/gu, ' ').trim()
  return line.length > MOST_PROBLEM ? `${line.slice(0, MOST_PROBLEM).toWellFormed()}…` : line
}
