import type { Check } from '#core/check'
import type { Instant } from '#core/clock'
import { ask } from './own-listener.ts'
import type { InstallationParts } from './parts.ts'
import { fails, HOUR, holds, selfCheck, unknown, type Sight } from './self-check.ts'

const PATH = '/.well-known/security.txt'

export function securityTxtCheck({ localUrl, settings, clock }: InstallationParts): Check {
  return selfCheck(
    {
      noun: 'security-txt',
      title: 'security.txt is configured and served',
      controls: ['security-txt', 'disclosure-channel'],
      method: 'Fetches /.well-known/security.txt from our own listener and reads its contacts and its expiry (RFC 9116 §2.5.3, §2.5.5); every configured contact must stand in it. Whether somebody reads what is sent there is not seen.',
      cadenceSeconds: HOUR,
      revision: 1,
    },
    {
      targets: () => ['security.txt'],
      look: async (_target, { signal }) => {
        const { contacts = [] } = await settings()
        const answer = await ask(localUrl(), PATH, { signal })
        if (contacts.length === 0) return answer.status === 404 ? unknown('no contact is configured yet, so no security.txt is served; set contacts in the settings') : fails('a security.txt is served though no contact is configured')
        if (answer.status !== 200) return fails(`a contact is configured, but ${PATH} answered ${answer.status}`)
        if (!/^text\/plain\b/.test(answer.headers.get('content-type') ?? '')) return fails('security.txt is not sent as text/plain (RFC 9116 §3)')
        return judgeSecurityTxt(answer.text, contacts, clock.now())
      },
    },
  )
}

/** Pure. The domain check judges the whole of RFC 9116; this one, whether what was configured is what is served. */
export function judgeSecurityTxt(text: string, contacts: readonly string[], at: Instant): Sight {
  const fields = text.split(/\r?\n/).flatMap((line) => {
    const [, name, value] = /^([A-Za-z-]+):\s*(.+?)\s*$/.exec(line) ?? []
    return name && value ? [{ name: name.toLowerCase(), value }] : []
  })
  const valuesOf = (name: string): string[] => fields.filter((field) => field.name === name).map(({ value }) => value)
  const served = valuesOf('contact')
  const missing = contacts.filter((contact) => !served.includes(contact))
  if (missing.length > 0) return fails(`${missing.length} of ${contacts.length} configured contacts are missing from security.txt`)
  const expires = valuesOf('expires')
  if (expires.length !== 1) return fails(`security.txt has ${expires.length} Expires fields instead of one`)
  const end = Date.parse(expires[0]!)
  if (Number.isNaN(end)) return fails('the Expires field of security.txt is no date')
  const daysLeft = Math.floor((end - at.getTime()) / 86_400_000)
  if (daysLeft < 0) return fails('security.txt has expired; set a later securityTxtExpires')
  return holds(`security.txt names ${served.length} ${served.length === 1 ? 'contact' : 'contacts'} and is valid for ${daysLeft} more days`, { contacts: served, expires: expires[0]! })
}
