import type { Change } from '#core/database'
import { VouchsafeError } from '#core/errors'
import type { Events } from '#core/module'
import type { People, Person } from '#modules/identity'
import type { Enrolled } from './ceremony.ts'
import { authentication } from './contract.ts'
import { notVerified, verifyAssertion, type Assertion, type Passkey, type RelyingParty } from './passkey.ts'
import { recoveryDigest } from './recovery-code.ts'
import type { RingSecrets } from './secrets-of-ring.ts'
import { ours, type AuthenticationChange, type AuthenticationStore } from './store.ts'
import { stepOfCode } from './totp.ts'

/**
 * What was shown and is right, so far: it counts once its taking has been committed. Of two requests that show the same
 * code at the same time, the second finds it taken.
 * @throws VouchsafeError `not-allowed` when it is taken
 */
export type Taking = (tx: Change<never>) => Promise<void>

/** Looks at what people show besides a password. Every answer about a wrong one has one text. */
export class SecondFactors {
  readonly #store: AuthenticationStore
  readonly #secrets: RingSecrets
  readonly #events: Events
  readonly #people: People
  constructor(parts: { store: AuthenticationStore; secrets: RingSecrets; events: Events; people: People }) {
    this.#store = parts.store
    this.#secrets = parts.secrets
    this.#events = parts.events
    this.#people = parts.people
  }

  async enrolledBy(personId: string): Promise<Enrolled> {
    const [passkeys, password, totp, recoveryCodes] = await Promise.all([this.#store.passkeysOf(personId), this.#store.password(personId), this.#store.totp(personId), this.#store.recoveryCodesLeft(personId)])
    return { passkeys: passkeys.length, password: password !== undefined, totp: totp !== undefined, recoveryCodes }
  }

  async totp(personId: string, code: string, at: Date): Promise<Taking | undefined> {
    const kept = await this.#store.totp(personId)
    if (kept === undefined) return undefined
    const secret = await this.#secrets.open('totp', personId, { keyId: kept.keyId, bytes: kept.sealed.toString('base64') })
    const step = stepOfCode(secret, code, at)
    if (step === undefined || step <= kept.lastStep) return undefined
    return async (tx) => {
      if (!(await this.#store.takeStep(ours(tx), personId, step))) throw wrongCode()
    }
  }

  async recoveryCode(personId: string, code: string): Promise<Taking | undefined> {
    const digest = recoveryDigest(personId, code)
    if (digest === undefined) return undefined
    return async (change) => {
      const tx = ours(change)
      if (!(await this.#store.useRecoveryCode(tx, personId, digest))) throw wrongCode()
      await this.#events.happened(tx, authentication, 'recovery-code.used', { person: personId, left: (await this.#store.recoveryCodesLeft(personId)) - 1 })
    }
  }

  /**
   * A passkey of anybody, or of one person alone.
   * @param challenge taken away from its ceremony before this is asked
   * @throws VouchsafeError `not-allowed` in one text, whether the passkey is unknown, somebody else's or wrong
   */
  async passkey(party: RelyingParty, challenge: string | undefined, response: Assertion, of?: string): Promise<{ person: Person; passkey: Passkey; take: Taking; suspect?: (tx: AuthenticationChange) => Promise<void> }> {
    const passkey = challenge === undefined ? undefined : await this.#store.passkeyByCredential(response.id)
    if (challenge === undefined || passkey === undefined || (of !== undefined && passkey.personId !== of)) throw notVerified()
    const verified = await verifyAssertion(party, challenge, response, passkey)
    const person = await this.#people.find(passkey.personId)
    if (person === undefined || person.state !== 'active') throw notVerified()
    const take: Taking = async (tx) => {
      if (!(await this.#store.usedPasskey(ours(tx), passkey, verified.counter, verified.backedUp))) throw notVerified()
    }
    if (!verified.wentBack) return { person, passkey, take }
    return {
      person,
      passkey,
      take,
      suspect: async (tx) => {
        await this.#store.suspectPasskey(tx, passkey.id)
        await this.#events.happened(tx, authentication, 'passkey.suspected', { person: person.id, passkey: passkey.id })
      },
    }
  }
}

export function wrongCode(): VouchsafeError {
  return new VouchsafeError('not-allowed', 'This code is not right, or was used already.', { mend: 'Wait for the next code of your authenticator app, and look whether its clock is right; or use a recovery code.' })
}
