import { fails, holds, quoted } from '../report.ts'
import type { Finding } from '../report.ts'
import type { Visit } from '../visit.ts'
import type { RecordData } from '../dns/message.ts'
import { parentOf, withoutZone } from './apex.ts'

type Caa = Extract<RecordData, { kind: 'caa' }>

// RFC 8659 §4 and §5, RFC 9495: what authorities understand. A critical tag beyond these stops them all.
const KNOWN_TAGS = ['issue', 'issuewild', 'iodef', 'issuemail', 'issuevmc', 'contactemail', 'contactphone']

/** RFC 8659 §3: the first non-empty set of records on the way up is the one that counts. */
export async function relevantRecords(visit: Visit): Promise<{ at: string; records: readonly Caa[] } | undefined> {
  let name: string | undefined = visit.site.host
  while (name !== undefined) {
    const records = (await visit.lookup.find(name, 'CAA')).records.filter((data) => data.kind === 'caa')
    if (records.length > 0) return { at: name, records }
    name = parentOf(name)
  }
  return undefined
}

/** Only named authorities may issue certificates for the host. */
export async function checkCaa(visit: Visit): Promise<Finding> {
  const nowhere = withoutZone(visit)
  if (nowhere !== undefined) return nowhere
  const found = await relevantRecords(visit)
  if (found === undefined) return fails('no CAA record: any authority may issue certificates; name yours', { records: [] })
  const observation = { at: found.at, records: found.records.slice(0, 30).map(({ critical, tag, value }) => ({ critical, tag: quoted(tag, 30), value: quoted(value) })) }
  const issuers = found.records.filter((record) => record.tag === 'issue')
  if (issuers.length === 0) return fails(`the CAA records at ${found.at} leave issuing open (no "issue"); name your authority`, observation)
  const strange = found.records.find((record) => record.critical && !KNOWN_TAGS.includes(record.tag))
  if (strange !== undefined) return fails(`a CAA record is marked critical with a tag that no authority knows (${quoted(strange.tag, 30)}); no certificate can be renewed`, observation)
  const names = [...new Set(issuers.map((record) => authorityOf(record.value)))].filter((name) => name !== '')
  return holds(names.length === 0 ? `no authority may issue for ${found.at}` : `only ${quoted(names.join(', '), 150)} may issue certificates`, observation)
}

/** RFC 8659 §4.2: the issuer's domain stands before the first `;`; an empty one means nobody. */
const authorityOf = (value: string): string => value.split(';')[0]!.trim()
