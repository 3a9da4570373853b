import { quoted } from '../report.ts'
import type { Field, Remark, SecurityText } from './document.ts'

export interface Judgement {
  /** What makes the file invalid by a MUST of RFC 9116, or expired. */
  faults: readonly Remark[]
  /** What is advised or worth knowing. */
  notes: readonly Remark[]
  expires: Date | undefined
}

const DAY_MS = 86_400_000
const YEAR_DAYS = 366 // RFC 9116 §2.5.5 advises less than a year; a leap year is one

const URI_FIELDS = ['acknowledgments', 'canonical', 'contact', 'csaf', 'encryption', 'hiring', 'policy']
const ONCE_FIELDS = ['expires', 'preferred-languages']
const KNOWN_FIELDS = [...URI_FIELDS, ...ONCE_FIELDS]
// "Acknowledgements" is the spelling people reach for; the field of that name does not exist.
const MISSPELT: Record<string, string> = { acknowledgements: 'acknowledgments', acknowledgment: 'acknowledgments', acknowledgement: 'acknowledgments', contacts: 'contact', expiry: 'expires', expire: 'expires', 'preferred-language': 'preferred-languages', languages: 'preferred-languages', signature: 'a cleartext signature' }

/**
 * Judges the fields of a file by RFC 9116 §2.5.
 * @param retrievedFrom addresses by which the file was had: the one asked for and, after redirects, the last
 * @param at the moment at which it must not have expired
 */
export function judgeSecurityText(document: SecurityText, retrievedFrom: readonly string[], at: Date): Judgement {
  const faults: Remark[] = [...document.faults]
  const notes: Remark[] = []
  const all = (name: string): Field[] => document.fields.filter((field) => field.name === name)
  for (const name of ONCE_FIELDS) {
    for (const extra of all(name).slice(1)) faults.push({ line: extra.line, text: `${titled(name)} must not appear more than once` })
  }
  // RFC 9116 §2.5.3.
  if (all('contact').length === 0) faults.push({ line: 0, text: 'Contact is missing' })
  for (const field of document.fields) {
    if (URI_FIELDS.includes(field.name)) judgeUri(field, faults)
    else if (!KNOWN_FIELDS.includes(field.name)) {
      const meant = MISSPELT[field.name]
      // RFC 9116 §2.4: fields not known are ignored, so a misspelt one says nothing to anybody.
      notes.push({ line: field.line, text: `the field ${quoted(field.name, 60)} is not known${meant === undefined ? '' : `; ${titled(meant)} is meant, perhaps`}` })
    }
  }
  const [languages] = all('preferred-languages')
  if (languages !== undefined) judgeLanguages(languages, faults)
  const expires = judgeExpiry(all('expires'), at, faults, notes)
  judgeCanonical(all('canonical'), retrievedFrom, document.signed, faults, notes)
  return { faults, notes, expires }
}

/** RFC 9116 §2.5: each of these fields holds a URI (RFC 3986), and a web address must be https. */
function judgeUri({ name, value, line }: Field, faults: Remark[]): void {
  const scheme = /^([A-Za-z][A-Za-z0-9+.-]*):[^\s<>"{}|\\^`]+$/.exec(value)?.[1]?.toLowerCase()
  if (scheme === undefined) {
    const hint = name === 'contact' && /^[^\s@]+@[^\s@]+$/.test(value) ? '; write mailto: before the address' : name === 'contact' && /^\+?[0-9 ()-]+$/.test(value) ? '; write tel: before the number' : ''
    faults.push({ line, text: `${titled(name)} is no URI${hint}` })
  } else if (scheme === 'http') {
    faults.push({ line, text: `${titled(name)} must use https` })
  } else if (scheme === 'https') {
    if (!URL.canParse(value)) faults.push({ line, text: `${titled(name)} is no valid web address` })
  } else if (scheme === 'mailto') {
    if (!/^mailto:[^\s@?]+@[^\s@?]+(\?.*)?$/i.test(value)) faults.push({ line, text: `${titled(name)} holds no mail address` })
  } else if (scheme === 'tel') {
    if (!/^tel:\+?[0-9().*#;=A-Za-z-]+$/i.test(value)) faults.push({ line, text: `${titled(name)} holds no telephone number` })
  }
}

/** RFC 9116 §2.5.8: language tags of RFC 5646, apart by commas. */
function judgeLanguages({ value, line }: Field, faults: Remark[]): void {
  for (const tag of value.split(',').map((part) => part.trim())) {
    if (!isLanguageTag(tag)) faults.push({ line, text: `"${quoted(tag, 40)}" is no language tag` })
  }
}

function isLanguageTag(tag: string): boolean {
  if (/^[xi](-[A-Za-z0-9]{1,8})+$/i.test(tag)) return true // private use, and the old registered ones
  try {
    return Intl.getCanonicalLocales(tag).length === 1
  } catch {
    return false
  }
}

/** RFC 9116 §2.5.5. */
function judgeExpiry(fields: readonly Field[], at: Date, faults: Remark[], notes: Remark[]): Date | undefined {
  const [field] = fields
  if (field === undefined) {
    faults.push({ line: 0, text: 'Expires is missing' })
    return undefined
  }
  const expires = parseDateTime(field.value)
  if (expires === undefined) {
    faults.push({ line: field.line, text: 'Expires is no date and time of RFC 3339 (2027-01-31T00:00:00Z)' })
    return undefined
  }
  if (expires <= at) faults.push({ line: field.line, text: `the file expired on ${expires.toISOString().slice(0, 10)}` })
  else if (expires.getTime() - at.getTime() > YEAR_DAYS * DAY_MS) notes.push({ line: field.line, text: 'Expires is more than a year ahead; less is advised' })
  return expires
}

/** RFC 3339 §5.6, with the days that months have; a leap second reads as the second after it. */
export function parseDateTime(text: string): Date | undefined {
  const match = /^(\d{4})-(\d{2})-(\d{2})[Tt](\d{2}):(\d{2}):(\d{2})(\.\d+)?([Zz]|[+-](\d{2}):(\d{2}))$/.exec(text)
  if (match === null) return undefined
  const [year, month, day, hour, minute, second] = match.slice(1, 7).map(Number) as [number, number, number, number, number, number]
  const offsetHour = Number(match[9] ?? 0)
  const offsetMinute = Number(match[10] ?? 0)
  const date = new Date(0)
  date.setUTCFullYear(year, month - 1, day)
  if (date.getUTCMonth() !== month - 1 || date.getUTCDate() !== day || hour > 23 || minute > 59 || second > 60 || offsetHour > 23 || offsetMinute > 59) return undefined
  const sign = match[8]!.startsWith('-') ? 1 : -1
  date.setUTCHours(hour, minute + sign * (offsetHour * 60 + offsetMinute), second)
  return date
}

/** RFC 9116 §2.5.2: a file had from an address that its Canonical fields do not list is not to be trusted. */
function judgeCanonical(fields: readonly Field[], retrievedFrom: readonly string[], signed: boolean, faults: Remark[], notes: Remark[]): void {
  const [first] = fields
  if (first === undefined) {
    // RFC 9116 §2.3: a signature says who wrote the file, and Canonical says for where.
    if (signed) notes.push({ line: 0, text: 'the file is signed but names no Canonical address, so it could be copied elsewhere' })
    return
  }
  const listed = fields.map((field) => comparable(field.value))
  if (!retrievedFrom.some((uri) => listed.includes(comparable(uri)))) faults.push({ line: first.line, text: 'no Canonical field lists the address that the file was had from' })
}

const comparable = (uri: string): string => (URL.canParse(uri) ? new URL(uri).href : uri)

const titled = (name: string): string => (name === 'csaf' ? 'CSAF' : name.replace(/(^|-)[a-z]/g, (letter) => letter.toUpperCase()))
