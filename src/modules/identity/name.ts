import { VouchsafeError } from '#core/errors'
import { folded, plain } from './case-folding.ts'
import { skeleton } from './look-alike.ts'

/** What somebody or something is called: as written, as it is compared and sorted, as it looks. */
export interface Name {
  written: string
  folded: string
  plain: string
  skeleton: string
}

export const MOST_NAME_CHARACTERS = 200
export const MOST_TITLE_CHARACTERS = 200
export const MOST_DESCRIPTION_CHARACTERS = 2000

// Controls, marks of direction and private or unassigned code points. The two joiners stay: Persian and Indic names need them.
const NOT_TAKEN = /(?![\u200c\u200d])[\p{Cc}\p{Cf}\p{Co}\p{Cs}\p{Cn}\p{Zl}\p{Zp}]/u

/**
 * One line of text for people: NFC, spaces closed up.
 * @param what how the field is called in the message, and in `pointer`
 * @throws VouchsafeError `bad-input` for an empty or overlong one, or one with characters that show nothing
 */
export function parseLine(text: string, what: string, mostCharacters: number): string {
  const refuse = (message: string): never => {
    throw new VouchsafeError('bad-input', `The ${what === 'displayName' ? 'name' : what} ${message}.`, { fields: [{ pointer: `/${what}`, message }] })
  }
  const written = text.length > 8 * mostCharacters ? refuse(`is longer than ${mostCharacters} characters`) : text.normalize('NFC').replaceAll(/[\p{Zs}\t\n\r]+/gu, ' ').trim()
  if (written === '') refuse('is empty')
  if ([...written].length > mostCharacters) refuse(`is longer than ${mostCharacters} characters`)
  if (NOT_TAKEN.test(written)) refuse('holds characters that cannot be seen')
  return written
}

/** @throws VouchsafeError `bad-input`, see {@link parseLine} */
export function parseName(text: string, what = 'displayName'): Name {
  const written = parseLine(text, what, MOST_NAME_CHARACTERS)
  // U+2019 and ' are two keys for one apostrophe.
  const known = folded(written.replaceAll('’', "'"))
  return { written, folded: known, plain: plain(known), skeleton: skeleton(known) }
}
