import type { PersonChange } from '#modules/identity'
import { requireWhole } from './content.ts'
import { isContent, type Content, type ContentValue } from './matching.ts'
import { ScimRefusal } from './refusal.ts'
import { ENTERPRISE_SCHEMA, USER } from './schema.ts'

/** What identity keeps of somebody, taken from what the directory says. */
export interface Described {
  readonly displayName: string
  readonly email: string
  readonly title?: string
  readonly externalId?: string
}

const LONGEST_NAME = 200 // characters that identity keeps of a name

/**
 * A person in identity's words.
 * @throws ScimRefusal `invalidValue` where there is no user name, or no address that mail could go to
 */
export function describe(content: Content): Described {
  requireWhole(USER, content)
  const email = emailOf(content)
  if (email === undefined) throw new ScimRefusal('invalidValue', 'A person needs an e-mail address: in emails, or as userName.')
  const title = textOf(content['title'])
  const externalId = textOf(content['externalId'])
  return { displayName: nameOf(content).slice(0, LONGEST_NAME), email, ...(title === undefined ? {} : { title }), ...(externalId === undefined ? {} : { externalId }) }
}

/** As a change of a person: what is not said any more is taken away. */
export const changeTo = ({ displayName, email, title, externalId }: Described): PersonChange => ({ displayName, email, title: title ?? null, externalId: externalId ?? null })

export function nameOf(content: Content): string {
  const name = isContent(content['name']) ? content['name'] : {}
  const parts = [textOf(name['givenName']), textOf(name['familyName'])].filter((part) => part !== undefined).join(' ')
  return textOf(content['displayName']) ?? textOf(name['formatted']) ?? (parts === '' ? undefined : parts) ?? textOf(content['userName']) ?? ''
}

/** The address that mail goes to: the primary one, that of work, the first, or a user name that is one. */
export function emailOf(content: Content): string | undefined {
  const emails = (Array.isArray(content['emails']) ? (content['emails'] as readonly ContentValue[]) : []).filter(isContent).filter((email) => textOf(email['value']) !== undefined)
  const chosen = emails.find((email) => email['primary'] === true) ?? emails.find((email) => textOf(email['type'])?.toLowerCase() === 'work') ?? emails[0]
  const userName = textOf(content['userName'])
  return chosen === undefined ? (userName?.includes('@') ? userName : undefined) : textOf(chosen['value'])
}

/**
 * What the directory said, put right by what is known here: somebody may have changed a name in the console.
 * @returns the same content where nothing differs
 */
export function correctedBy(content: Content, person: { displayName: string; email?: string; title?: string }): Content {
  let now = content
  if (nameOf(now).trim() !== person.displayName) now = { ...now, displayName: person.displayName }
  if (textOf(now['title'])?.trim() !== person.title) {
    const { title: _, ...others } = now
    now = person.title === undefined ? others : { ...others, title: person.title }
  }
  if (person.email !== undefined && emailOf(now)?.trim() !== person.email) now = { ...now, emails: [{ value: person.email, type: 'work', primary: true }] }
  return now
}

export const schemasOf = (content: Content): readonly string[] => [USER.schema, ...(content[ENTERPRISE_SCHEMA] === undefined ? [] : [ENTERPRISE_SCHEMA])]

const textOf = (value: ContentValue | undefined): string | undefined => (typeof value === 'string' && value.trim() !== '' ? value : undefined)
