import type { Exim } from '../servers/exim.ts'
import { until } from './installation.ts'

/** What a letter says, without the line breaks and escapes of its way (quoted-printable, RFC 2045 §6.7). */
const said = (letter: string): string => letter.replaceAll(/=\r?\n/g, '').replaceAll('=3D', '=')

/** Letters to this address that hold a link to this page of the console, oldest first: their links. */
export const linksTo = (mailbox: Exim, address: string, page: string): string[] =>
  mailbox
    .letters()
    .filter((letter) => letter.toLowerCase().includes(`\nto: ${address.toLowerCase()}`))
    .flatMap((letter) => new RegExp(`http[^\\s"<]+/console/${page}#[\\w-]{20,}`).exec(said(letter))?.[0] ?? [])

/** Waits for that many, and gives the last. */
export const linkTo = (mailbox: Exim, address: string, page: string, count = 1): Promise<string> =>
  until(async () => linksTo(mailbox, address, page)[count - 1], `letter ${count} to ${address} with a link to ${page}`)
