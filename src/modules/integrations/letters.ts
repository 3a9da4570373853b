import type { LetterText } from './letter.ts'

/** Letters that this room writes itself. Whoever lets people in writes their own: invitations, new passwords. */

const ourName = (name: string | undefined): string => name ?? 'your installation of Vouchsafe'

export function testLetter({ name, at }: { name?: string; at: Date }): LetterText {
  return {
    subject: `Test letter of ${ourName(name)}`,
    text: `This letter was sent to see whether mail goes out. It does: it left at ${minuteOf(at)}.

Nothing needs to be done.
`,
  }
}

/** Warnings gathered into one letter for each owner. */
export function noticeLetter({ name, notices, consoleUrl }: { name?: string; notices: readonly string[]; consoleUrl: string }): LetterText {
  const [first = ''] = notices
  const shown = notices.slice(0, MOST_NOTICES)
  const more = notices.length - shown.length
  return {
    subject: notices.length === 1 ? oneLine(`${ourName(name)}: ${first}`) : `${ourName(name)}: ${notices.length} things need you`,
    text: `${shown.map((notice) => `- ${oneParagraph(notice)}`).join('\n')}
${more > 0 ? `- and ${more} more\n` : ''}
See ${consoleUrl}

You are told because you are an owner.
`,
  }
}

const MOST_NOTICES = 100 // what is more stands in the console

const minuteOf = (at: Date): string => `${at.toISOString().slice(0, 16).replace('T', ' ')} UTC`
const oneParagraph = (text: string): string => text.replaceAll(/\s+/g, ' ').trim()
/** A notice may quote a claim: whatever it holds, a subject is one short line. */
const oneLine = (text: string): string => {
  // eslint-disable-next-line no-control-regex -- these are what is taken out
  const line = oneParagraph(text.replaceAll(/[\u0000-\u001f\u007f-\u009f\u2028-\u202e\u2066-\u2069\ufeff]/gu, ' '))
  return line.length > 120 ? `${line.slice(0, 119).trimEnd().toWellFormed()}…` : line
}
