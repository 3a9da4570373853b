import { unknown } from '../report.ts'
import type { Finding } from '../report.ts'
import type { Visit } from '../visit.ts'

/** For a host that is in nobody's public DNS, the finding that says so. */
export function withoutZone(visit: Visit): Finding | undefined {
  const { host, literal } = visit.site
  if (literal) return unknown('an IP address has no records in DNS; probe the host by its name')
  if (!host.includes('.') || host.endsWith('.localhost')) return unknown(`${host} is no name of the public DNS; probe the host by its public name`)
  return undefined
}

export function parentOf(name: string): string | undefined {
  const dot = name.indexOf('.')
  return dot < 0 ? undefined : name.slice(dot + 1)
}

/**
 * The zone that a host is in, by the SOA record that DNS itself shows. It stands in for the organisational domain,
 * for which RFC 7489 §3.2 wants a list of public suffixes: mail is sent from the name that was registered, and
 * that name has a zone. undefined when the answer is a top-level domain: the name is not registered.
 * @throws ProbeError `dns`
 */
export function zoneOf(visit: Visit): Promise<string | undefined> {
  return visit.once('zone', async () => {
    let name: string | undefined = visit.site.host
    while (name !== undefined && name.includes('.')) {
      const answer = await visit.lookup.find(name, 'SOA')
      if (answer.finalName === name) {
        if (answer.records.length > 0) return name
        const { zone } = answer
        if (zone !== undefined) return zone.includes('.') && (name === zone || name.endsWith(`.${zone}`)) ? zone : undefined
      }
      // An alias answers for its target's zone, and an alias is never the head of a zone: look one label up.
      name = parentOf(name)
    }
    return undefined
  })
}
