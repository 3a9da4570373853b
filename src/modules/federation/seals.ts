import type { Clock } from '#core/clock'
import type { OrganisationDatabase } from '#core/database'
import type { KeyId, KeyRing } from '#core/keys'
import { addSealingKey, newestSealingKey, outside, type Sealed } from './store.ts'

/** What federation keeps secret, and where: a value opens in its own place alone. */
export type Column = 'provider-secret' | 'sign-in' | 'begun'

/** Seals under one key of the organisation's ring, made at first use. */
export class Seals {
  readonly #parts: { db: OrganisationDatabase; keys: KeyRing; clock: Clock }
  #key: Promise<KeyId> | undefined
  constructor(parts: { db: OrganisationDatabase; keys: KeyRing; clock: Clock }) {
    this.#parts = parts
  }

  async seal(column: Column, row: string, text: string): Promise<Sealed> {
    this.#key ??= this.#sealingKey()
    this.#key.catch(() => (this.#key = undefined))
    const keyId = await this.#key
    return { keyId, bytes: await this.#parts.keys.encrypt(keyId, placeOf(column, row), Buffer.from(text)) }
  }

  /** @throws VouchsafeError `corrupt` for altered or moved bytes */
  async open(column: Column, row: string, { keyId, bytes }: Sealed): Promise<string> {
    return (await this.#parts.keys.decrypt(keyId as KeyId, placeOf(column, row), bytes)).toString('utf8')
  }

  async #sealingKey(): Promise<KeyId> {
    const { db, keys, clock } = this.#parts
    const known = await newestSealingKey(outside(db.app))
    if (known !== undefined) return known as KeyId
    const made = await keys.create('identity providers and sign-ins under way')
    await addSealingKey(outside(db.app), made, clock.now())
    return made
  }
}

const placeOf = (column: string, row: string) => ({ table: 'federation', column, row, version: 1 })
