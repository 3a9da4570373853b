import { randomUUID } from 'node:crypto'
import type { Change, OrganisationDatabase } from '#core/database'
import type { People } from '#modules/identity'
import { noticeLetter } from './letters.ts'
import type { Mail } from './post.ts'
import { insertNotice, markTold, outside, untoldNotices, within } from './store.ts'

/** What owners are told by letter: a warning before a claim goes stale, a webhook that was turned off. */
export interface Notices {
  /** Queues one with the caller's change. */
  tell(tx: Change<never>, text: string): Promise<void>
  /** The same for whoever has no change at hand. */
  tellOwners(text: string): Promise<void>
}

export const NOTICES_JOB = 'integrations.notices'
/** What comes together is told together: a hundred checks of one host go stale within the same minute. */
const GATHER_MS = 5 * 60_000
const MOST_TEXT = 1000
const SYSTEM = { kind: 'system', name: 'notices' } as const

export interface NoticesParts {
  db: OrganisationDatabase
  mail: Mail
  people: People
  ownerIds(): Promise<readonly string[]>
  organisation(): Promise<{ name?: string; publicUrl?: string }>
  localUrl(): string
}

export function createNotices({ db, mail, people, ownerIds, organisation, localUrl }: NoticesParts): Notices & { deliver(): Promise<void> } {
  async function tell(tx: Change<never>, text: string): Promise<void> {
    await insertNotice(within(tx), randomUUID(), text.slice(0, MOST_TEXT).toWellFormed().replaceAll('\u0000', ''), tx.at)
    // Keyed by the minutes it is gathered in: a stream of notices does not push the letter ever further away.
    const runAt = new Date((Math.floor(tx.at.getTime() / GATHER_MS) + 1) * GATHER_MS)
    await tx.job(NOTICES_JOB, {}, { runAt, key: `${NOTICES_JOB}:${runAt.toISOString()}` })
  }
  return {
    tell,
    tellOwners: (text) => db.change({ actor: SYSTEM, action: 'notice.tell', subject: { kind: 'notice', id: 'owners' } }, (tx: Change<never>) => tell(tx, text)),

    /** Everything that was not told yet, in one letter to each owner. Without mail, notices wait, and the console shows what they are about. */
    async deliver() {
      if (!(await mail.isReady())) return
      const waiting = await untoldNotices(outside(db.app))
      if (waiting.length === 0) return
      const owners = (await people.findAll((await ownerIds()).slice(0, 1000))).filter((person) => person.state === 'active' && person.email !== undefined)
      const { name, publicUrl } = await organisation()
      const said = noticeLetter({ ...(name === undefined ? {} : { name }), notices: waiting.map(({ text }) => text), consoleUrl: `${publicUrl === undefined ? localUrl() : new URL(publicUrl).origin}/console` })
      await db.change({ actor: SYSTEM, action: 'notice.send', subject: { kind: 'notice', id: 'owners' }, detail: { notices: waiting.length, owners: owners.length } }, async (tx: Change<never>) => {
        await markTold(within(tx), waiting.map(({ id }) => id), tx.at)
        for (const { email } of owners) await mail.send(tx, { to: email!, ...said, kind: 'notice' })
      })
    },
  }
}
