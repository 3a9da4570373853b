import { randomBytes } from 'node:crypto'
import type { Actor, Change } from '#core/database'
import { VouchsafeError } from '#core/errors'
import { identity } from './contract.ts'
import type { IdentityParts } from './parts.ts'
import type { People, PersonId } from './people.ts'
import { hashCode, isCode, MOST_WRONG_TRIES, newCode, readCode, SET_UP_MINUTES } from './set-up-code.ts'
import { deleteSetUp, findSetUp, hasFirstOwner, insertFirstOwner, lockSetUp, outside, putSetUp, updateSetUp, within } from './store.ts'

/** The way in for the first owner. It ends with them, for good. */
export interface SetUp {
  /** Whether there is no owner yet. */
  isOpen(): Promise<boolean>
  /**
   * Makes a new code; one that was made before is worth nothing from then on. Shown once, to whoever can read the terminal or
   * the operator's socket.
   * @throws VouchsafeError `conflict` once there has been an owner
   */
  renew(by: Actor): Promise<{ code: string; expiresAt: Date }>
  /** Whether this is the code that waits. Wrong ones are counted, whoever sends them, and the fifth ends it. */
  check(code: string, at: Date): Promise<boolean>
  /**
   * Makes the first person, as owner, and ends the code. They are active with this: whoever calls it keeps their first
   * credentials in the same change.
   * @throws VouchsafeError `not-allowed` for a code that is wrong, was never checked, or has died meanwhile
   */
  redeem(tx: Change<never>, code: string, person: { displayName: string; email: string }): Promise<PersonId>
}

const SUBJECT = { kind: 'set-up', id: 'first-owner' }

export function createSetUp({ db, events, owners }: IdentityParts, people: People): SetUp {
  return {
    isOpen: async () => !(await hasFirstOwner(outside(db.app))),

    async renew(by) {
      const code = newCode()
      const salt = randomBytes(16)
      const hash = await hashCode(readCode(code) ?? '', salt)
      return db.change({ actor: by, action: 'set-up.renew', subject: SUBJECT }, async (tx: Change<never>) => {
        if (await hasFirstOwner(within(tx))) throw new VouchsafeError('conflict', 'This installation has had its first owner; no set-up code is made any more.', { mend: 'Sign in, or let an owner invite you.' })
        const expiresAt = new Date(tx.at.getTime() + SET_UP_MINUTES * 60_000)
        await putSetUp(within(tx), { salt, code_hash: hash, made_at: tx.at, expires_at: expiresAt, wrong_tries: 0, shown_at: null })
        return { code, expiresAt }
      })
    },

    async check(code, at) {
      const symbols = readCode(code)
      // What cannot be a code costs nothing, and neither does any once there is none to find.
      if (symbols === undefined || (await waiting(at)) === undefined) return false
      return db.change({ actor: { kind: 'system', name: 'set-up' }, action: 'set-up.try', subject: SUBJECT }, async (tx: Change<never>) => {
        // INVARIANT: one try after the other. The row is held while a code is tried, so that a thousand at once are five.
        const row = await lockSetUp(within(tx))
        if (row === undefined || row.expires_at <= at || (await hasFirstOwner(within(tx)))) {
          tx.note({ right: false })
          return false
        }
        const right = await isCode(symbols, row.salt, row.code_hash)
        const tries = row.wrong_tries + (right ? 0 : 1)
        tx.note({ right, ...(tries >= MOST_WRONG_TRIES ? { ended: true } : {}) })
        if (tries >= MOST_WRONG_TRIES) await deleteSetUp(within(tx))
        else await updateSetUp(within(tx), right ? { shown_at: at } : { wrong_tries: tries })
        return right
      })
    },

    async redeem(tx, code, { displayName, email }) {
      const symbols = readCode(code)
      const row = await lockSetUp(within(tx))
      // Unless it was checked before, it is not tried here: a change that fails counts nothing.
      const good = symbols !== undefined && row !== undefined && row.shown_at !== null && row.expires_at > tx.at && (await isCode(symbols, row.salt, row.code_hash))
      if (!good || (await hasFirstOwner(within(tx)))) throw new VouchsafeError('not-allowed', 'This set-up code is not valid any more.', { mend: 'Print a new one with `vouchsafe set-up` on the machine of the installation.' })
      const person = await people.create(tx, { kind: 'person', displayName, email, state: 'active' })
      await insertFirstOwner(within(tx), person.id, tx.at)
      await deleteSetUp(within(tx))
      await owners.giveOwnership(tx, person.id)
      await events.happened(tx, identity, 'owner.first', { person: person.id })
      return person.id
    },
  }

  async function waiting(at: Date): Promise<true | undefined> {
    const row = await findSetUp(outside(db.app))
    return row !== undefined && row.expires_at > at ? true : undefined
  }
}
