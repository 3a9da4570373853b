import type { Change, OrganisationDatabase } from '#core/database'
import { messageOf } from '#core/errors'
import { claimOwners } from '#core/page'
import type { People } from '#modules/identity'
import type { Mail, Notices } from '#modules/integrations'

export interface TellingParts {
  db: OrganisationDatabase
  people: Pick<People, 'findAll'>
  mail: Mail
  /** For what nobody in particular answers for: the owners of the installation. */
  notices: Pick<Notices, 'tellOwners'>
  organisation(): Promise<{ name?: string | undefined; publicUrl?: string | undefined }>
  localUrl(): string
  /** The journal: what is told stands there in any case, and so does what could not be told. */
  report(problem: string): void
}

interface Told {
  message: string
  /** The claim that it is about. */
  claim?: string
}

const SYSTEM = { kind: 'system', name: 'watch' } as const

/**
 * Tells people what a look at the clocks has found: whoever answers for the claim, in one letter for all that one look found;
 * the owners of the installation where nobody does, or where that person cannot be reached.
 */
export function createTelling({ db, people, mail, notices, organisation, localUrl, report }: TellingParts) {
  const waiting: Told[] = []
  const toOwners = async (told: readonly Told[]): Promise<void> => {
    for (const { message } of told) await notices.tellOwners(message)
  }
  return {
    tell(message: string, claim?: string): void {
      report(message)
      waiting.push({ message, ...(claim === undefined ? {} : { claim }) })
    },

    /** Sends what was told since. It never fails: what could not be sent stands in the journal. */
    async flush(): Promise<void> {
      const told = waiting.splice(0)
      if (told.length === 0) return
      try {
        const { own, rest } = await sorted(told)
        for (const { person, email, mine } of own) {
          const { name, publicUrl } = await organisation()
          const letter = claimLetter({ ...(name === undefined ? {} : { name }), told: mine, consoleUrl: `${publicUrl === undefined ? localUrl() : new URL(publicUrl).origin}/console` })
          await db.change({ actor: SYSTEM, action: 'notice.send', subject: { kind: 'person', id: person }, detail: { claims: mine.length } }, (tx: Change<never>) => mail.send(tx, { to: email, ...letter, kind: 'notice' }))
        }
        await toOwners(rest)
      } catch (error) {
        report(`nobody was told: ${messageOf(error)}`)
      }
    },
  }

  async function sorted(told: readonly Told[]): Promise<{ own: { person: string; email: string; mine: Told[] }[]; rest: Told[] }> {
    if (!(await mail.isReady())) return { own: [], rest: [...told] }
    const owners = await claimOwners(db)
    const ownerOf = ({ claim }: Told): string | undefined => (claim === undefined ? undefined : owners.get(claim)?.person)
    const found = await people.findAll([...new Set(told.flatMap((one) => ownerOf(one) ?? []))])
    const own = found.flatMap((person) => (person.state === 'active' && person.email !== undefined ? [{ person: person.id, email: person.email, mine: told.filter((one) => ownerOf(one) === person.id) }] : []))
    const reached = new Set(own.flatMap(({ mine }) => mine))
    return { own, rest: told.filter((one) => !reached.has(one)) }
  }
}

const MOST = 50 // what is more stands in the console

/** One letter for all that one look found. What it quotes of a page is one line, whatever it holds. */
export function claimLetter({ name, told, consoleUrl }: { name?: string; told: readonly Told[]; consoleUrl: string }): { subject: string; text: string } {
  const line = (text: string): string => text.replaceAll(/[\p{Cc}\p{Cf}\s]+/gu, ' ').trim()
  const [first] = told
  const subject = `${name ?? 'Vouchsafe'}: ${told.length === 1 && first ? line(first.message).slice(0, 120) : `${told.length} claims of yours need you`}`
  const shown = told.slice(0, MOST).map(({ message, claim }) => `- ${line(message)}${claim === undefined ? '' : `\n  ${consoleUrl}/claims/${claim}`}`)
  return {
    subject: line(subject),
    text: `${shown.join('\n')}\n${told.length > MOST ? `- and ${told.length - MOST} more\n` : ''}\nYou are told because you answer for these claims. Somebody else can: say so beside the claim.\n`,
  }
}
