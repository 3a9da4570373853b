import type { Actor, Change, OrganisationDatabase } from '#core/database'
import { VouchsafeError } from '#core/errors'
import type { Events } from '#core/module'
import { integrations } from './contract.ts'
import { judgeMailSetting, type MailSetting, type MailSettingInput } from './mail-setting.ts'
import { KEPT, type Sealing } from './sealing.ts'
import { mailPassword, mailSetting, outside, putMailPassword, putMailSetting, putMailState, removeMailSetting, within, type Queries } from './store.ts'

const PASSWORD_ROW = 'password'

/** The mail server with its password, for handing letters over; undefined where none is set up. */
export async function openMailServer(q: Queries, sealing: Sealing): Promise<(MailSetting & { password?: string }) | undefined> {
  const setting = await mailSetting(q)
  if (setting === undefined) return undefined
  const sealed = await mailPassword(q)
  return { ...setting, ...(sealed === undefined ? {} : { password: (await sealing.open('mail_password', PASSWORD_ROW, sealed)).toString() }) }
}

export interface MailServerParts {
  db: OrganisationDatabase
  events: Events
  sealing: Sealing
  allowPrivate: boolean
  /** Sends what waits, now that another server may take it. */
  hasten(tx: Change<never>): Promise<void>
}

export function createMailServer({ db, events, sealing, allowPrivate, hasten }: MailServerParts) {
  return {
    async current(): Promise<(MailSetting & { hasPassword: boolean }) | undefined> {
      const q = outside(db.app)
      const setting = await mailSetting(q)
      return setting && { ...setting, hasPassword: (await mailPassword(q)) !== undefined }
    },

    /**
     * Sets the mail server as a whole; only the password stays where it is left out, and only for the same host and user: a
     * password that one person gave must not be sent wherever the next one points.
     * @throws VouchsafeError `bad-input`, `precondition-failed`
     */
    async set(actor: Actor, input: MailSettingInput, expectedVersion?: number): Promise<void> {
      const judged = judgeMailSetting(input, { allowAnyPort: allowPrivate })
      await db.change({ actor, action: 'mail-setting.change', subject: { kind: 'mail-setting', id: 'organisation' }, detail: { host: judged.host, port: judged.port, tls: judged.tls } }, async (tx: Change<never>) => {
        const q = within(tx)
        const before = await mailSetting(q)
        requireVersion(before, expectedVersion)
        const same = before !== undefined && before.host === judged.host && before.username === judged.username
        const kept = await mailPassword(q)
        if (input.password === undefined && kept !== undefined && !same && judged.username !== undefined) throw new VouchsafeError('bad-input', 'With another host or user name, the password must be given again.', { fields: [{ pointer: '/password', message: 'must be given, or null' }] })
        if (typeof input.password === 'string') await putMailPassword(q, await sealing.seal(tx, KEPT, 'mail_password', PASSWORD_ROW, Buffer.from(input.password)))
        else if (input.password === null || judged.username === undefined) await putMailPassword(q, undefined)
        await putMailSetting(q, { ...judged, version: (before?.version ?? 0) + 1 }, tx.at)
        const fields = (Object.keys(judged) as (keyof typeof judged)[]).filter((name) => before?.[name] !== judged[name])
        await events.happened(tx, integrations, 'mail-setting.changed', { fields: [...fields, ...(input.password === undefined ? [] : ['password'])] })
        await hasten(tx)
      })
    },

    /** No letter leaves any more; those that wait go on waiting, for their three days. */
    async remove(actor: Actor, expectedVersion?: number): Promise<void> {
      await db.change({ actor, action: 'mail-setting.remove', subject: { kind: 'mail-setting', id: 'organisation' } }, async (tx: Change<never>) => {
        requireVersion(await mailSetting(within(tx)), expectedVersion)
        await removeMailSetting(within(tx))
        await putMailState(within(tx), {})
        await events.happened(tx, integrations, 'mail-setting.changed', { fields: ['host'] })
      })
    },
  }
}

function requireVersion(before: MailSetting | undefined, expected: number | undefined): void {
  if (expected !== undefined && expected !== (before?.version ?? 0)) throw new VouchsafeError('precondition-failed', 'The mail server has been changed since you read it.', { mend: 'Read it again, and change what it says now.' })
}
