import { sql, type Kysely } from 'kysely'
import { migrationsBeside, type Change, type MigrationSet, type OrganisationDatabase } from '#core/database'
import type { Ceremony } from './ceremony.ts'
import type { Passkey } from './passkey.ts'
import { DEFAULT_SECURITY, SecuritySettings } from './security-settings.ts'
import { SEEN_EVERY_MS, type Factor, type Provenance, type Session } from './session.ts'

export const authenticationMigrations: MigrationSet = { schema: 'authentication', folder: migrationsBeside(import.meta.url) }

export type AuthenticationTables = {
  'authentication.passkey': { id: string; person_id: string; credential_id: string; user_handle: string; public_key: Buffer; counter: number; transports: string[]; name: string; aaguid: string; backed_up: boolean; prf: boolean | null; created_at: Date; last_used_at: Date | null; suspect_at: Date | null }
  'authentication.secret_phrase': { person_id: string; hash: string; changed_at: Date }
  'authentication.totp': { person_id: string; key_id: string; sealed: Buffer; last_step: number; created_at: Date }
  'authentication.sealing_key': { key_id: string; created_at: Date }
  'authentication.recovery_code': { digest: Buffer; person_id: string; used_at: Date | null; created_at: Date }
  'authentication.session': { digest: Buffer; id: string; person_id: string; epoch: number; factors: string[]; created_at: Date; last_seen_at: Date; ends_at: Date; strong_until: Date | null; address: string; device: string; provider_id: string | null; provider_subject: string | null; provider_session: string | null }
  'authentication.ceremony': { id: string; person_id: string | null; state: unknown; challenge: string | null; tries: number; expires_at: Date }
  'authentication.reset_link': { digest: Buffer; person_id: string | null; expires_at: Date }
  'authentication.attempt': { bucket: Buffer; used: number; resets_at: Date }
  'authentication.familiar': { digest: Buffer; person_id: string; last_used_at: Date }
  'authentication.token': { digest: Buffer; id: string; owner_id: string; epoch: number; name: string; scopes: string[]; networks: string[]; created_at: Date; created_by: string; expires_at: Date; last_used_at: Date | null }
  'authentication.security_setting': { one: boolean; value: unknown; version: number; changed_at: Date }
}
export type AuthenticationChange = Change<AuthenticationTables>

/** The same transaction, for a sibling's service, which knows its own tables. */
export const forSibling = (tx: AuthenticationChange): Change<never> => tx as unknown as Change<never>
/** The other way round, for a caller's transaction. */
export const ours = (tx: Change<never>): AuthenticationChange => tx as unknown as AuthenticationChange

export interface ApiToken {
  id: string
  ownerId: string
  epoch: number
  name: string
  scopes: readonly string[]
  networks: readonly string[]
  createdAt: Date
  createdBy: string
  expiresAt: Date
  lastUsedAt?: Date
}

export interface KeptSecuritySettings {
  settings: SecuritySettings
  version: number
}

export interface StoredCeremony {
  personId?: string
  state: Ceremony
  challenge?: string
  tries: number
}

/** How long a mark of a browser or an address is remembered after its last use. */
const FAMILIAR_DAYS = 90

/** All SQL of this room. What changes somebody's credentials takes the caller's change; counters and clocks are written directly. */
export class AuthenticationStore {
  readonly #db: OrganisationDatabase
  constructor(db: OrganisationDatabase) {
    this.#db = db
  }

  get #app() {
    return this.#db.app.withTables<AuthenticationTables>()
  }

  // Sessions

  /** One query by primary key, with the settings it is judged by. */
  async session(digest: Buffer): Promise<{ session: Session; kept: KeptSecuritySettings } | undefined> {
    const row = await this.#app
      .selectFrom('authentication.session as s')
      .leftJoin('authentication.security_setting as k', (join) => join.onTrue())
      .selectAll('s')
      .select(['k.value as settings', 'k.version as settings_version'])
      .where('s.digest', '=', digest)
      .executeTakeFirst()
    return row && { session: sessionOf(row), kept: keptOf(row.settings, row.settings_version) }
  }

  async sessionById(id: string): Promise<Session | undefined> {
    const row = await this.#app.selectFrom('authentication.session').selectAll().where('id', '=', id).executeTakeFirst()
    return row && sessionOf(row)
  }

  /** Of a session that began through an identity provider. */
  async provenanceOf(id: string): Promise<Provenance | undefined> {
    const row = await this.#app.selectFrom('authentication.session').select(['provider_id', 'provider_subject', 'provider_session']).where('id', '=', id).executeTakeFirst()
    if (row === undefined || row.provider_id === null || row.provider_subject === null) return undefined
    return { provider: row.provider_id, subject: row.provider_subject, ...(row.provider_session === null ? {} : { session: row.provider_session }) }
  }

  async sessionsOf(personId: string, at: Date): Promise<Session[]> {
    const rows = await this.#app.selectFrom('authentication.session').selectAll().where('person_id', '=', personId).where('ends_at', '>', at).orderBy('last_seen_at', 'desc').limit(500).execute()
    return rows.map(sessionOf)
  }

  async addSession(tx: AuthenticationChange, session: Session, digest: Buffer, provenance?: Provenance): Promise<void> {
    await tx.db
      .insertInto('authentication.session')
      .values({
        digest,
        id: session.id,
        person_id: session.personId,
        epoch: session.epoch,
        factors: [...session.factors],
        created_at: session.createdAt,
        last_seen_at: session.lastSeenAt,
        ends_at: session.endsAt,
        strong_until: session.strongUntil ?? null,
        address: session.address,
        device: session.device,
        provider_id: provenance?.provider ?? null,
        provider_subject: provenance?.subject ?? null,
        provider_session: provenance?.session ?? null,
      })
      .execute()
  }

  /** At most once a minute, and never back: two requests at once write one line. */
  async sawSession(digest: Buffer, at: Date): Promise<void> {
    await this.#app
      .updateTable('authentication.session')
      .set({ last_seen_at: at })
      .where('digest', '=', digest)
      .where('last_seen_at', '<=', new Date(at.getTime() - SEEN_EVERY_MS))
      .execute()
  }

  /** The same session under a new cookie. @returns false when it has ended, or was renewed, meanwhile */
  async renewSession(tx: AuthenticationChange, id: string, digest: Buffer, next: Buffer, strongUntil: Date, factors: readonly Factor[]): Promise<boolean> {
    const { numUpdatedRows } = await tx.db.updateTable('authentication.session').set({ digest: next, strong_until: strongUntil, factors: [...factors] }).where('id', '=', id).where('digest', '=', digest).executeTakeFirst()
    return numUpdatedRows === 1n
  }

  async endSessions(tx: AuthenticationChange, which: { person?: string; id?: string; except?: string; provider?: string; subject?: string; providerSession?: string }): Promise<{ id: string; person: string }[]> {
    let query = tx.db.deleteFrom('authentication.session')
    if (which.person === undefined && which.id === undefined && which.provider === undefined) return [] // never all of them
    if (which.person !== undefined) query = query.where('person_id', '=', which.person)
    if (which.id !== undefined) query = query.where('id', '=', which.id)
    if (which.except !== undefined) query = query.where('id', '!=', which.except)
    if (which.provider !== undefined) query = query.where('provider_id', '=', which.provider)
    if (which.subject !== undefined) query = query.where('provider_subject', '=', which.subject)
    if (which.providerSession !== undefined) query = query.where('provider_session', '=', which.providerSession)
    return (await query.returning(['id', 'person_id']).execute()).map(({ id, person_id }) => ({ id, person: person_id }))
  }

  // Ceremonies

  async openCeremony(id: string, state: Ceremony, options: { personId?: string; challenge?: string; expiresAt: Date }): Promise<void> {
    const row = { id, person_id: options.personId ?? null, state: JSON.stringify(state), challenge: options.challenge ?? null, tries: 0, expires_at: options.expiresAt }
    await this.#app.insertInto('authentication.ceremony').values(row).onConflict((conflict) => conflict.column('id').doUpdateSet(row)).execute()
  }

  async ceremony(id: string, at: Date): Promise<StoredCeremony | undefined> {
    const row = await this.#app.selectFrom('authentication.ceremony').selectAll().where('id', '=', id).where('expires_at', '>', at).executeTakeFirst()
    if (row === undefined) return undefined
    return { state: row.state as Ceremony, tries: row.tries, ...(row.person_id === null ? {} : { personId: row.person_id }), ...(row.challenge === null ? {} : { challenge: row.challenge }) }
  }

  /** Moves on from exactly the state that was read. @returns false when somebody else moved it meanwhile */
  moveCeremony(tx: AuthenticationChange, id: string, from: Ceremony, to: Ceremony, personId?: string): Promise<boolean> {
    return this.#move(tx.db, id, from, to, personId)
  }

  /** The same where nothing of anybody's changes yet: what waits in a ceremony is nobody's credential. */
  keepCeremony(id: string, from: Ceremony, to: Ceremony): Promise<boolean> {
    return this.#move(this.#app, id, from, to)
  }

  async #move(db: Kysely<AuthenticationTables>, id: string, from: Ceremony, to: Ceremony, personId?: string): Promise<boolean> {
    const { numUpdatedRows } = await db
      .updateTable('authentication.ceremony')
      .set({ state: JSON.stringify(to), ...(personId === undefined ? {} : { person_id: personId }) })
      .where('id', '=', id)
      .where('state', '=', sql`${JSON.stringify(from)}::jsonb`)
      .executeTakeFirst()
    return numUpdatedRows === 1n
  }

  async setChallenge(id: string, challenge: string): Promise<boolean> {
    const { numUpdatedRows } = await this.#app.updateTable('authentication.ceremony').set({ challenge }).where('id', '=', id).executeTakeFirst()
    return numUpdatedRows === 1n
  }

  /** Takes the challenge away before anything is verified against it: each is answered once, rightly or wrongly. */
  async takeChallenge(id: string, at: Date): Promise<string | undefined> {
    const { rows } = await sql<{ challenge: string }>`
      update authentication.ceremony c set challenge = null from (select id, challenge from authentication.ceremony where id = ${id} for update) was
      where c.id = was.id and was.challenge is not null and c.expires_at > ${at} returning was.challenge`.execute(this.#app)
    return rows[0]?.challenge
  }

  /** @returns how many tries there were, this one included; undefined when it is over */
  async countTry(id: string): Promise<number | undefined> {
    const row = await this.#app.updateTable('authentication.ceremony').set({ tries: sql<number>`tries + 1` }).where('id', '=', id).returning('tries').executeTakeFirst()
    return row?.tries
  }

  async dropCeremony(id: string): Promise<void> {
    await this.#app.deleteFrom('authentication.ceremony').where('id', '=', id).execute()
  }

  /**
   * @param inState only while it stands exactly there
   * @returns false when it was ended already: whoever ends it first goes on
   */
  async endCeremony(tx: AuthenticationChange, id: string, inState?: Ceremony): Promise<boolean> {
    let query = tx.db.deleteFrom('authentication.ceremony').where('id', '=', id)
    if (inState !== undefined) query = query.where('state', '=', sql`${JSON.stringify(inState)}::jsonb`)
    return (await query.executeTakeFirst()).numDeletedRows === 1n
  }

  // Passkeys

  async passkeysOf(personId: string): Promise<Passkey[]> {
    const rows = await this.#app.selectFrom('authentication.passkey').selectAll().where('person_id', '=', personId).orderBy('created_at').orderBy('id').limit(100).execute()
    return rows.map(passkeyOf)
  }

  async passkeyByCredential(credentialId: string): Promise<Passkey | undefined> {
    const row = await this.#app.selectFrom('authentication.passkey').selectAll().where('credential_id', '=', credentialId).executeTakeFirst()
    return row && passkeyOf(row)
  }

  async addPasskey(tx: AuthenticationChange, passkey: Passkey): Promise<void> {
    await tx.db
      .insertInto('authentication.passkey')
      .values({
        id: passkey.id,
        person_id: passkey.personId,
        credential_id: passkey.credentialId,
        user_handle: passkey.userHandle,
        public_key: Buffer.from(passkey.publicKey),
        counter: passkey.counter,
        transports: [...passkey.transports],
        name: passkey.name,
        aaguid: passkey.aaguid,
        backed_up: passkey.backedUp,
        prf: passkey.prf ?? null,
        created_at: passkey.createdAt,
        last_used_at: null,
        suspect_at: null,
      })
      .execute()
  }

  /** Compare and swap by the counter that was judged: one answer of an authenticator that counts is taken once. */
  async usedPasskey(tx: AuthenticationChange, passkey: Passkey, counter: number, backedUp: boolean): Promise<boolean> {
    const { numUpdatedRows } = await tx.db.updateTable('authentication.passkey').set({ counter, backed_up: backedUp, last_used_at: tx.at }).where('id', '=', passkey.id).where('counter', '=', passkey.counter).executeTakeFirst()
    return numUpdatedRows === 1n
  }

  async suspectPasskey(tx: AuthenticationChange, id: string): Promise<void> {
    await tx.db.updateTable('authentication.passkey').set({ suspect_at: tx.at }).where('id', '=', id).execute()
  }

  async renamePasskey(tx: AuthenticationChange, personId: string, id: string, name: string): Promise<boolean> {
    const { numUpdatedRows } = await tx.db.updateTable('authentication.passkey').set({ name }).where('id', '=', id).where('person_id', '=', personId).executeTakeFirst()
    return numUpdatedRows === 1n
  }

  async removePasskey(tx: AuthenticationChange, personId: string, id: string): Promise<boolean> {
    const { numDeletedRows } = await tx.db.deleteFrom('authentication.passkey').where('id', '=', id).where('person_id', '=', personId).executeTakeFirst()
    return numDeletedRows === 1n
  }

  /** Changes of one person's credentials take turns until the end of the change; what is read after this is what the others left. */
  async takeTurn(tx: AuthenticationChange, personId: string): Promise<void> {
    await sql`select pg_advisory_xact_lock(hashtextextended(${`authentication/${personId}`}, 0))`.execute(tx.db)
  }

  // Passwords

  async password(personId: string): Promise<{ hash: string; changedAt: Date } | undefined> {
    const row = await this.#app.selectFrom('authentication.secret_phrase').selectAll().where('person_id', '=', personId).executeTakeFirst()
    return row && { hash: row.hash, changedAt: row.changed_at }
  }

  async setPassword(tx: AuthenticationChange, personId: string, hash: string): Promise<void> {
    await tx.db.insertInto('authentication.secret_phrase').values({ person_id: personId, hash, changed_at: tx.at }).onConflict((conflict) => conflict.column('person_id').doUpdateSet({ hash, changed_at: tx.at })).execute()
  }

  /** The same password, hashed anew; not if it was changed meanwhile. */
  async rehashPassword(personId: string, from: string, to: string): Promise<void> {
    await this.#app.updateTable('authentication.secret_phrase').set({ hash: to }).where('person_id', '=', personId).where('hash', '=', from).execute()
  }

  async removePassword(tx: AuthenticationChange, personId: string): Promise<boolean> {
    const { numDeletedRows } = await tx.db.deleteFrom('authentication.secret_phrase').where('person_id', '=', personId).executeTakeFirst()
    return numDeletedRows === 1n
  }

  // Authenticator apps and recovery codes

  async totp(personId: string): Promise<{ keyId: string; sealed: Buffer; lastStep: number; createdAt: Date } | undefined> {
    const row = await this.#app.selectFrom('authentication.totp').selectAll().where('person_id', '=', personId).executeTakeFirst()
    return row && { keyId: row.key_id, sealed: row.sealed, lastStep: row.last_step, createdAt: row.created_at }
  }

  async setTotp(tx: AuthenticationChange, personId: string, totp: { keyId: string; sealed: Buffer; lastStep: number }): Promise<void> {
    const row = { key_id: totp.keyId, sealed: totp.sealed, last_step: totp.lastStep, created_at: tx.at }
    await tx.db.insertInto('authentication.totp').values({ person_id: personId, ...row }).onConflict((conflict) => conflict.column('person_id').doUpdateSet(row)).execute()
  }

  /** INVARIANT: steps only rise, so of any number of requests with one code exactly one gets true. */
  async takeStep(tx: AuthenticationChange, personId: string, step: number): Promise<boolean> {
    const { numUpdatedRows } = await tx.db.updateTable('authentication.totp').set({ last_step: step }).where('person_id', '=', personId).where('last_step', '<', step).executeTakeFirst()
    return numUpdatedRows === 1n
  }

  async removeTotp(tx: AuthenticationChange, personId: string): Promise<boolean> {
    const { numDeletedRows } = await tx.db.deleteFrom('authentication.totp').where('person_id', '=', personId).executeTakeFirst()
    return numDeletedRows === 1n
  }

  async newestSealingKey(): Promise<string | undefined> {
    return (await this.#app.selectFrom('authentication.sealing_key').select('key_id').orderBy('created_at', 'desc').limit(1).executeTakeFirst())?.key_id
  }

  async addSealingKey(keyId: string, at: Date): Promise<void> {
    await this.#app.insertInto('authentication.sealing_key').values({ key_id: keyId, created_at: at }).execute()
  }

  async replaceRecoveryCodes(tx: AuthenticationChange, personId: string, digests: readonly Buffer[]): Promise<void> {
    await tx.db.deleteFrom('authentication.recovery_code').where('person_id', '=', personId).execute()
    if (digests.length > 0) await tx.db.insertInto('authentication.recovery_code').values(digests.map((digest) => ({ digest, person_id: personId, used_at: null, created_at: tx.at }))).execute()
  }

  async useRecoveryCode(tx: AuthenticationChange, personId: string, digest: Buffer): Promise<boolean> {
    const { numUpdatedRows } = await tx.db.updateTable('authentication.recovery_code').set({ used_at: tx.at }).where('digest', '=', digest).where('person_id', '=', personId).where('used_at', 'is', null).executeTakeFirst()
    return numUpdatedRows === 1n
  }

  async recoveryCodesLeft(personId: string): Promise<number> {
    const { left } = await this.#app.selectFrom('authentication.recovery_code').select(sql<number>`count(*)`.as('left')).where('person_id', '=', personId).where('used_at', 'is', null).executeTakeFirstOrThrow()
    return left
  }

  // Resets

  async addResetLink(tx: AuthenticationChange, digest: Buffer, personId: string | undefined, expiresAt: Date): Promise<void> {
    if (personId !== undefined) await tx.db.deleteFrom('authentication.reset_link').where('person_id', '=', personId).execute()
    await tx.db.insertInto('authentication.reset_link').values({ digest, person_id: personId ?? null, expires_at: expiresAt }).execute()
  }

  /** Single use: whoever comes second finds nothing. */
  async takeResetLink(digest: Buffer, at: Date): Promise<string | undefined> {
    const row = await this.#app.deleteFrom('authentication.reset_link').where('digest', '=', digest).where('expires_at', '>', at).returning('person_id').executeTakeFirst()
    return row?.person_id ?? undefined
  }

  /**
   * Ends every sign-in, enrolment and reset that is under way for somebody: what was shown there was judged by ways to sign
   * in that are others now. One that is being finished at this moment is passed over; it looks for itself once it has its turn.
   */
  async endBegun(tx: AuthenticationChange, personId: string): Promise<void> {
    await sql`delete from authentication.ceremony where id in (select id from authentication.ceremony where person_id = ${personId} and state->>'kind' <> 'own' for update skip locked)`.execute(tx.db)
  }

  /** A link that was mailed to an address that is theirs no longer, and a reset that was begun by it. */
  async endResets(tx: AuthenticationChange, personId: string): Promise<void> {
    await tx.db.deleteFrom('authentication.reset_link').where('person_id', '=', personId).execute()
    await tx.db.deleteFrom('authentication.ceremony').where('person_id', '=', personId).where(sql<string>`state->>'kind'`, '=', 'reset').execute()
  }

  // Tokens

  async token(digest: Buffer): Promise<{ token: ApiToken; kept: KeptSecuritySettings } | undefined> {
    const row = await this.#app
      .selectFrom('authentication.token as t')
      .leftJoin('authentication.security_setting as k', (join) => join.onTrue())
      .selectAll('t')
      .select(['k.value as settings', 'k.version as settings_version'])
      .where('t.digest', '=', digest)
      .executeTakeFirst()
    return row && { token: tokenOf(row), kept: keptOf(row.settings, row.settings_version) }
  }

  async tokenById(id: string): Promise<ApiToken | undefined> {
    const row = await this.#app.selectFrom('authentication.token').selectAll().where('id', '=', id).executeTakeFirst()
    return row && tokenOf(row)
  }

  async tokens(which: { owner?: string; after?: string; limit: number }): Promise<ApiToken[]> {
    let query = this.#app.selectFrom('authentication.token').selectAll()
    if (which.owner !== undefined) query = query.where('owner_id', '=', which.owner)
    if (which.after !== undefined) query = query.where('id', '>', which.after)
    return (await query.orderBy('id').limit(which.limit).execute()).map(tokenOf)
  }

  async addToken(tx: AuthenticationChange, token: ApiToken, digest: Buffer): Promise<void> {
    await tx.db
      .insertInto('authentication.token')
      .values({ digest, id: token.id, owner_id: token.ownerId, epoch: token.epoch, name: token.name, scopes: [...token.scopes], networks: [...token.networks], created_at: token.createdAt, created_by: token.createdBy, expires_at: token.expiresAt, last_used_at: null })
      .execute()
  }

  async sawToken(digest: Buffer, at: Date): Promise<void> {
    await this.#app
      .updateTable('authentication.token')
      .set({ last_used_at: at })
      .where('digest', '=', digest)
      .where((where) => where.or([where('last_used_at', 'is', null), where('last_used_at', '<=', new Date(at.getTime() - SEEN_EVERY_MS))]))
      .execute()
  }

  async revokeTokens(tx: AuthenticationChange, which: { owner: string; id?: string } | { owner?: string; id: string }): Promise<{ id: string; owner: string }[]> {
    let query = tx.db.deleteFrom('authentication.token')
    if (which.id !== undefined) query = query.where('id', '=', which.id)
    if (which.owner !== undefined) query = query.where('owner_id', '=', which.owner)
    return (await query.returning(['id', 'owner_id']).execute()).map(({ id, owner_id }) => ({ id, owner: owner_id }))
  }

  // Settings

  async securitySettings(): Promise<KeptSecuritySettings> {
    const row = await this.#app.selectFrom('authentication.security_setting').selectAll().executeTakeFirst()
    return keptOf(row?.value, row?.version)
  }

  /** @returns false when they have another version by now */
  async setSecuritySettings(tx: AuthenticationChange, settings: SecuritySettings, expectedVersion: number): Promise<boolean> {
    const row = { value: JSON.stringify(settings), version: expectedVersion + 1, changed_at: tx.at }
    if (expectedVersion > 0) return (await tx.db.updateTable('authentication.security_setting').set(row).where('version', '=', expectedVersion).executeTakeFirst()).numUpdatedRows === 1n
    const { numInsertedOrUpdatedRows } = await tx.db.insertInto('authentication.security_setting').values({ one: true, ...row }).onConflict((conflict) => conflict.column('one').doNothing()).executeTakeFirst()
    return numInsertedOrUpdatedRows === 1n
  }

  // Attempts and marks

  /** One statement, so that a thousand at once are counted as a thousand. */
  async useAttempt(bucket: Buffer, at: Date, seconds: number): Promise<{ used: number; resetsAt: Date }> {
    const resets = new Date(at.getTime() + seconds * 1000)
    // A window that ends further ahead than one can was opened under a clock that ran ahead.
    const { rows } = await sql<{ used: number; resets_at: Date }>`
      insert into authentication.attempt as a (bucket, used, resets_at) values (${bucket}, 1, ${resets})
      on conflict (bucket) do update set
        used = case when a.resets_at <= ${at} or a.resets_at > ${resets} then 1 else least(a.used + 1, 1000000) end,
        resets_at = case when a.resets_at <= ${at} or a.resets_at > ${resets} then ${resets} else a.resets_at end
      returning used, resets_at`.execute(this.#app)
    const [row] = rows
    return { used: row?.used ?? 0, resetsAt: row?.resets_at ?? at }
  }

  async forgetAttempts(bucket: Buffer): Promise<void> {
    await this.#app.deleteFrom('authentication.attempt').where('bucket', '=', bucket).execute()
  }

  async isFamiliar(mark: Buffer): Promise<boolean> {
    return (await this.#app.selectFrom('authentication.familiar').select('person_id').where('digest', '=', mark).executeTakeFirst()) !== undefined
  }

  async markFamiliar(tx: AuthenticationChange, personId: string, marks: readonly Buffer[]): Promise<void> {
    for (const digest of marks) {
      await tx.db.insertInto('authentication.familiar').values({ digest, person_id: personId, last_used_at: tx.at }).onConflict((conflict) => conflict.column('digest').doUpdateSet({ last_used_at: tx.at })).execute()
    }
  }

  // Ends

  /** Everything that opens a door now, or would open one soon. Credentials stay: reactivated, people show them again. */
  async endEverything(tx: AuthenticationChange, personId: string): Promise<void> {
    await this.endSessions(tx, { person: personId })
    await this.revokeTokens(tx, { owner: personId })
    await tx.db.deleteFrom('authentication.ceremony').where('person_id', '=', personId).execute()
    await tx.db.deleteFrom('authentication.reset_link').where('person_id', '=', personId).execute()
    await tx.db.deleteFrom('authentication.familiar').where('person_id', '=', personId).execute()
  }

  async removeCredentials(tx: AuthenticationChange, personId: string): Promise<void> {
    await tx.db.deleteFrom('authentication.passkey').where('person_id', '=', personId).execute()
    await tx.db.deleteFrom('authentication.secret_phrase').where('person_id', '=', personId).execute()
    await tx.db.deleteFrom('authentication.totp').where('person_id', '=', personId).execute()
    await tx.db.deleteFrom('authentication.recovery_code').where('person_id', '=', personId).execute()
  }

  // What checks look at

  /** Kinds of stored password hashes and how many there are of each; the hashes themselves stay here. */
  async hashKinds(): Promise<{ kind: string; saltLetters: number; hashLetters: number; count: number }[]> {
    const { rows } = await sql<{ kind: string; salt: number; hash: number; count: number }>`
      select concat_ws('$', '', split_part(hash, '$', 2), split_part(hash, '$', 3), split_part(hash, '$', 4)) as kind, length(split_part(hash, '$', 5)) as salt, length(split_part(hash, '$', 6)) as hash, count(*) as count
      from authentication.secret_phrase group by 1, 2, 3 order by 1, 2, 3 limit 100`.execute(this.#app)
    return rows.map(({ kind, salt, hash, count }) => ({ kind, saltLetters: salt, hashLetters: hash, count }))
  }

  /** Persons with a password and nothing beside it. */
  async withPasswordAlone(): Promise<string[]> {
    const rows = await this.#app
      .selectFrom('authentication.secret_phrase as p')
      .leftJoin('authentication.totp as t', 't.person_id', 'p.person_id')
      .select('p.person_id')
      .where('t.person_id', 'is', null)
      .where(({ not, exists, selectFrom }) => not(exists(selectFrom('authentication.passkey as k').select('k.id').whereRef('k.person_id', '=', 'p.person_id'))))
      .limit(1000)
      .execute()
    return rows.map(({ person_id }) => person_id)
  }

  /** Live sessions that were begun by a password and nothing else. */
  async sessionsByPasswordAlone(at: Date): Promise<number> {
    const { count } = await this.#app.selectFrom('authentication.session').select(sql<number>`count(*)`.as('count')).where('ends_at', '>', at).where('factors', '=', sql<string[]>`array['password']`).executeTakeFirstOrThrow()
    return count
  }

  async tokenLives(): Promise<{ count: number; longestDays: number }> {
    const { rows } = await sql<{ count: number; days: number | null }>`select count(*) as count, ceil(max(extract(epoch from expires_at - created_at)) / 86400)::int as days from authentication.token`.execute(this.#app)
    return { count: rows[0]?.count ?? 0, longestDays: rows[0]?.days ?? 0 }
  }

  /** Whether the audit tells of a refused sign-in of nobody since then. */
  async auditedRefusal(since: Date): Promise<boolean> {
    const { rows } = await sql<{ found: boolean }>`select exists (select from audit.event where action = 'sign-in.refuse' and subject_id = 'unknown' and at >= ${since}) as found`.execute(this.#app)
    return rows[0]?.found === true
  }

  /** Takes away what is over. Nothing depends on it but the size of the tables. */
  async sweep(at: Date): Promise<void> {
    const aDayAgo = new Date(at.getTime() - 86_400_000)
    await this.#app.deleteFrom('authentication.session').where('ends_at', '<', aDayAgo).execute()
    await this.#app.deleteFrom('authentication.ceremony').where('expires_at', '<', aDayAgo).execute()
    await this.#app.deleteFrom('authentication.reset_link').where('expires_at', '<', aDayAgo).execute()
    await this.#app.deleteFrom('authentication.attempt').where('resets_at', '<', aDayAgo).execute()
    await this.#app.deleteFrom('authentication.familiar').where('last_used_at', '<', new Date(at.getTime() - FAMILIAR_DAYS * 86_400_000)).execute()
  }
}

function keptOf(value: unknown, version: number | null | undefined): KeptSecuritySettings {
  return value === null || value === undefined ? { settings: DEFAULT_SECURITY, version: 0 } : { settings: SecuritySettings.parse(value), version: version ?? 0 }
}

function sessionOf(row: AuthenticationTables['authentication.session']): Session {
  return {
    id: row.id,
    personId: row.person_id,
    epoch: row.epoch,
    factors: row.factors as Factor[],
    createdAt: row.created_at,
    lastSeenAt: row.last_seen_at,
    endsAt: row.ends_at,
    ...(row.strong_until === null ? {} : { strongUntil: row.strong_until }),
    address: row.address,
    device: row.device,
  }
}

function passkeyOf(row: AuthenticationTables['authentication.passkey']): Passkey {
  return {
    id: row.id,
    personId: row.person_id,
    credentialId: row.credential_id,
    userHandle: row.user_handle,
    publicKey: new Uint8Array(row.public_key),
    counter: row.counter,
    transports: row.transports,
    name: row.name,
    aaguid: row.aaguid,
    backedUp: row.backed_up,
    ...(row.prf === null ? {} : { prf: row.prf }),
    createdAt: row.created_at,
    ...(row.last_used_at === null ? {} : { lastUsedAt: row.last_used_at }),
    ...(row.suspect_at === null ? {} : { suspectAt: row.suspect_at }),
  }
}

function tokenOf(row: AuthenticationTables['authentication.token']): ApiToken {
  return {
    id: row.id,
    ownerId: row.owner_id,
    epoch: row.epoch,
    name: row.name,
    scopes: row.scopes,
    networks: row.networks,
    createdAt: row.created_at,
    createdBy: row.created_by,
    expiresAt: row.expires_at,
    ...(row.last_used_at === null ? {} : { lastUsedAt: row.last_used_at }),
  }
}
