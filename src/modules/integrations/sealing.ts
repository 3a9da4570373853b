import type { Kysely } from 'kysely'
import type { Change, NoTables } from '#core/database'
import { VouchsafeError } from '#core/errors'
import type { KeyId, KeyRing, Place } from '#core/keys'
import { DAY_MS } from './retry.ts'
import { addSealingKey, dayKeysWithoutLetters, forgetSealingKey, outside, sealingKey, within } from './store.ts'

export interface Sealed {
  bytes: Buffer
  keyId: string
}

/** The purpose of the key for what is kept: the secrets of webhooks, the password of the mail server. */
export const KEPT = 'secrets'
/** The purpose of the key for the letters of one day (UTC). */
export const lettersOf = (at: Date): string => `letters of ${at.toISOString().slice(0, 10)}`

const placeOf = (table: string, row: string): Place => ({ table: `integrations.${table}`, column: 'sealed', row, version: 1 })

/** Seals what this room keeps secret, under keys of the organisation's ring. */
export class Sealing {
  readonly #keys: KeyRing
  /** Made for changes that were undone, or are being tried again: each purpose makes one key file, not one a try. */
  readonly #made = new Map<string, KeyId>()
  constructor(keys: KeyRing) {
    this.#keys = keys
  }

  async seal(tx: Change<never>, purpose: string, table: string, row: string, plain: Uint8Array): Promise<Sealed> {
    const keyId = await this.#keyFor(tx, purpose)
    return { keyId, bytes: await this.#keys.encrypt(keyId, placeOf(table, row), plain) }
  }

  async open(table: string, row: string, { keyId, bytes }: Sealed): Promise<Buffer> {
    return this.#keys.decrypt(keyId as KeyId, placeOf(table, row), bytes)
  }

  /** Destroys the keys of days that have passed and of which no letter is left. */
  async forgetPassedDays(db: Kysely<NoTables>, at: Date): Promise<number> {
    // A change that began just before midnight may still be under way: a day is left between.
    const keys = await dayKeysWithoutLetters(outside(db), lettersOf(new Date(at.getTime() - DAY_MS)))
    for (const { purpose, keyId } of keys) {
      // The key first: cut short between the two, the row is found again and nothing is left behind.
      await this.#keys.destroy(keyId as KeyId)
      this.#made.delete(purpose)
      await forgetSealingKey(outside(db), purpose)
    }
    return keys.length
  }

  async #keyFor(tx: Change<never>, purpose: string): Promise<KeyId> {
    const known = await sealingKey(within(tx), purpose)
    if (known !== undefined) return known as KeyId
    const made = this.#made.get(purpose) ?? (await this.#keys.create(`integrations: ${purpose}`))
    this.#made.set(purpose, made)
    await addSealingKey(within(tx), purpose, made, tx.at)
    const kept = await sealingKey(within(tx), purpose)
    if (kept === undefined) throw new VouchsafeError('unavailable', 'The key for this could not be kept.')
    if (kept !== made) {
      // Somebody else made one at the same moment.
      this.#made.delete(purpose)
      await this.#keys.destroy(made)
    }
    return kept as KeyId
  }
}
