import type { Actor as AuditActor, OrganisationDatabase } from '#core/database'
import { VouchsafeError } from '#core/errors'
import type { Events } from '#core/module'
import { authentication } from './contract.ts'
import { changedSecurity, type SecurityChange } from './security-settings.ts'
import type { AuthenticationChange, AuthenticationStore, KeptSecuritySettings } from './store.ts'

/** The security settings of the organisation. */
export class Security {
  readonly #parts: { db: OrganisationDatabase; store: AuthenticationStore; events: Events; isOwner(personId: string): Promise<boolean> }
  constructor(parts: { db: OrganisationDatabase; store: AuthenticationStore; events: Events; isOwner(personId: string): Promise<boolean> }) {
    this.#parts = parts
  }

  current(): Promise<KeptSecuritySettings> {
    return this.#parts.store.securitySettings()
  }

  /**
   * @param basedOn the entity tag that the change was made from
   * @throws VouchsafeError `precondition-failed` with what they are by now; `refused` for what would lock people out
   */
  async change(change: SecurityChange, { by, address, basedOn }: { by: AuditActor; address: string; basedOn: string | undefined }): Promise<KeptSecuritySettings> {
    const { db, store, events, isOwner } = this.#parts
    const current = await store.securitySettings()
    if (basedOn === undefined) throw new VouchsafeError('precondition-failed', 'Say what the change is based on.', { mend: 'Send the ETag of GET /security-settings as If-Match.', current: current.settings })
    if (basedOn !== String(current.version)) throw changedMeanwhile(current)
    // The operator comes by the socket of this machine, whatever the list holds.
    const next = changedSecurity(current.settings, change, by.kind === 'operator' ? undefined : address)
    if (next.requireSingleSignOn) {
      for (const person of next.breakGlass) if (!(await isOwner(person))) throw new VouchsafeError('bad-input', 'Only owners can be let in without single sign-on.', { fields: [{ pointer: '/breakGlass', message: `${person} is no owner` }] })
    }
    const names = Object.keys(change).sort()
    const version = current.version + 1
    await db.change({ actor: by, action: 'security-setting.change', subject: { kind: 'security-setting', id: 'organisation' }, detail: { names, version } }, async (tx: AuthenticationChange) => {
      if (!(await store.setSecuritySettings(tx, next, current.version))) throw changedMeanwhile(current)
      await events.happened(tx, authentication, 'security-setting.changed', { version, names })
    })
    return { settings: next, version }
  }
}

function changedMeanwhile({ settings }: KeptSecuritySettings): VouchsafeError {
  return new VouchsafeError('precondition-failed', 'The settings have changed since you read them.', { mend: 'Look at what they are now, and make your change again.', current: settings })
}
