import { randomBytes } from 'node:crypto'
import type { Clock } from '#core/clock'
import { VouchsafeError } from '#core/errors'
import type { KeyId, KeyRing } from '#core/keys'
import type { Sealed } from './ceremony.ts'
import type { AuthenticationStore } from './store.ts'

/** The keys of this room, in the key ring of the organisation: two that only compute, one that seals. */
export class RingSecrets {
  readonly #keys: KeyRing
  readonly #store: AuthenticationStore
  readonly #clock: Clock
  readonly #known = new Map<string, Promise<Uint8Array>>()
  #sealing: Promise<KeyId> | undefined

  constructor(keys: KeyRing, store: AuthenticationStore, clock: Clock) {
    this.#keys = keys
    this.#store = store
    this.#clock = clock
  }

  /** argon2's secret value K (RFC 9106 §3.1). */
  passwordKey(): Promise<Uint8Array> {
    return this.#secret('sign-in-passwords')
  }

  csrfKey(): Promise<Uint8Array> {
    return this.#secret('sign-in-csrf')
  }

  async seal(column: string, row: string, bytes: Uint8Array): Promise<Sealed> {
    this.#sealing ??= this.#sealingKey()
    this.#sealing.catch(() => (this.#sealing = undefined))
    const keyId = await this.#sealing
    return { keyId, bytes: (await this.#keys.encrypt(keyId, placeOf(column, row), bytes)).toString('base64') }
  }

  async open(column: string, row: string, { keyId, bytes }: Sealed): Promise<Uint8Array> {
    return this.#keys.decrypt(keyId as KeyId, placeOf(column, row), Buffer.from(bytes, 'base64'))
  }

  /** Made at first use and then kept in memory: reading it costs a call to the root key. */
  #secret(name: string): Promise<Uint8Array> {
    let secret = this.#known.get(name)
    if (secret === undefined) {
      secret = this.#readOrMake(name)
      this.#known.set(name, secret)
      secret.catch(() => this.#known.delete(name))
    }
    return secret
  }

  async #readOrMake(name: string): Promise<Uint8Array> {
    if ((await this.#keys.secret(name)) === undefined) await this.#keys.keepSecret(name, randomBytes(32).toString('base64url'))
    // Read back: where two processes made one at the same time, both go on with the one that stayed.
    const kept = await this.#keys.secret(name)
    if (kept === undefined) throw new VouchsafeError('unavailable', `The key ${name} could not be kept.`)
    return new Uint8Array(Buffer.from(kept, 'base64url'))
  }

  async #sealingKey(): Promise<KeyId> {
    const known = await this.#store.newestSealingKey()
    if (known !== undefined) return known as KeyId
    const made = await this.#keys.create('second factors and sign-ins under way')
    await this.#store.addSealingKey(made, this.#clock.now())
    return made
  }
}

const placeOf = (column: string, row: string) => ({ table: 'authentication', column, row, version: 1 })
