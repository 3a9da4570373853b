import { canonicalBytes, challengeFor, keyIdOf, readCoseKey, toHex, verifyPasskeyAssertion, type KeyChange, type PasskeyAssertion } from '@vouchsafe/verify'
import { VouchsafeError } from '#core/errors'
import { changeKey, countingKeysOf, instantOf, listKeys, revocationOf } from '#core/statement'
import type { Passkey } from '#modules/authentication'
import { keyholding } from './contract.ts'
import type { KeyholdingParts } from './parts.ts'
import { addSigner, forSibling, forStatements, signerOfPasskey, signersOf, takeTurn, type KeyholdingChange } from './store.ts'

/** Somebody with a session, on a page of this host. */
export interface Asking {
  personId: string
  sessionId: string
  /** Host of the address that the browser sees. */
  rpId: string
}

/** A passkey that signs attestations, as the log names it. */
export interface Signing {
  keyId: string
  passkeyId: string
  role: string
  rpId: string
}

/** Passkeys whose word counts: public, in the log, under a random id and the title of whoever holds them. */
export class SigningPasskeys {
  readonly #parts: KeyholdingParts
  constructor(parts: KeyholdingParts) {
    this.#parts = parts
  }

  async of(personId: string): Promise<Signing[]> {
    const [signers, keys] = await Promise.all([signersOf(this.#parts.db, personId), listKeys(this.#parts.db)])
    return signers.flatMap(({ keyId, passkeyId }) => {
      const key = keys.find((one) => one.keyId === keyId && one.purpose === 'attestation' && one.holder === personId && one.revokedAt === undefined)
      return key?.rpId === undefined ? [] : [{ keyId, passkeyId, role: key.role, rpId: key.rpId }]
    })
  }

  /** What the passkey signs to show that it is there, and that its holder has seen the role it will speak for. */
  async options(asking: Asking, passkeyId: string): Promise<{ challenge: string; rpId: string; credentialId: string; transports: readonly string[]; role: string }> {
    const { passkey, role } = await this.#readied(asking, passkeyId)
    return { challenge: challengeFor(consent(asking, passkey, role)), rpId: asking.rpId, credentialId: passkey.credentialId, transports: passkey.transports, role }
  }

  /** @throws VouchsafeError, VerifyError for an assertion that does not fit */
  async add(asking: Asking, passkeyId: string, assertion: PasskeyAssertion): Promise<Signing> {
    const { passkey, role } = await this.#readied(asking, passkeyId)
    const { personId, rpId } = asking
    const cose = Uint8Array.from(passkey.publicKey)
    verifyPasskeyAssertion({ cose, rpId }, consent(asking, passkey, role), assertion)
    const keyId = keyIdOf(cose)
    const { db, people, signer, events } = this.#parts
    await db.change({ actor: { kind: 'person', name: personId }, action: 'signing-passkey.add', subject: { kind: 'key', id: keyId }, detail: { passkey: passkeyId, role } }, async (tx: KeyholdingChange) => {
      await people.holdLiving(forSibling(tx), personId)
      await takeTurn(tx, personId)
      if ((await signerOfPasskey(tx, passkeyId)) !== undefined) throw usedBefore()
      await addSigner(tx, { keyId, passkeyId, personId })
      const change: KeyChange = { action: 'added', purpose: 'attestation', key: toHex(cose), rpId, holder: personId, role, at: instantOf(tx.at) }
      await changeKey(forStatements(tx), signer, change)
      await events.happened(tx, keyholding, 'signing-passkey.added', { person: personId, passkey: passkeyId, keyId })
    })
    return { keyId, passkeyId, role, rpId }
  }

  async revokeOwn(personId: string, keyId: string): Promise<void> {
    if (!(await this.of(personId)).some((one) => one.keyId === keyId)) throw new VouchsafeError('not-found', 'No such passkey of yours signs attestations.')
    await this.#parts.db.change({ actor: { kind: 'person', name: personId }, action: 'signing-passkey.revoke', subject: { kind: 'key', id: keyId } }, async (tx: KeyholdingChange) => {
      await takeTurn(tx, personId)
      await this.end(tx, personId, keyId)
    })
  }

  /** Within the caller's change: this key, or every passkey of the person, no longer counts. What it signed stays signed. */
  async end(tx: KeyholdingChange, personId: string, keyId?: string): Promise<void> {
    for (const record of await countingKeysOf(forStatements(tx), personId)) {
      if (record.purpose !== 'attestation' || (keyId !== undefined && record.keyId !== keyId)) continue
      await changeKey(forStatements(tx), this.#parts.signer, revocationOf(record, instantOf(tx.at)))
      await this.#parts.events.happened(tx, keyholding, 'signing-passkey.revoked', { person: personId, keyId: record.keyId })
    }
  }

  async endOfPasskey(tx: KeyholdingChange, personId: string, passkeyId: string): Promise<void> {
    const keyId = await signerOfPasskey(tx, passkeyId)
    if (keyId !== undefined) await this.end(tx, personId, keyId)
  }

  async #readied({ personId }: Asking, passkeyId: string): Promise<{ passkey: Passkey; role: string }> {
    const { db, people, passkeysOf } = this.#parts
    const passkey = (await passkeysOf(personId)).find(({ id }) => id === passkeyId)
    if (passkey === undefined) throw new VouchsafeError('not-found', 'You have no such passkey.')
    if (passkey.suspectAt !== undefined) throw new VouchsafeError('refused', 'There may be a copy of this passkey.', { mend: 'Remove it, and make a new one.' })
    const cose = Uint8Array.from(passkey.publicKey)
    readCoseKey(cose) // what the verifier could not read would be no key
    const keyId = keyIdOf(cose)
    if ((await listKeys(db)).some((key) => key.keyId === keyId)) throw usedBefore()
    // INVARIANT: the role is what others have entered for them, never what they call themselves here.
    const role = (await people.find(personId))?.title
    if (role === undefined || role.trim() === '') throw new VouchsafeError('refused', 'You have no title, and it is under a title that the page shows an attestation.', { mend: 'Have your title entered among the people.' })
    return { passkey, role }
  }
}

const usedBefore = (): VouchsafeError => new VouchsafeError('conflict', 'This passkey is in the log already; a key that was revoked never counts again.', { mend: 'Make a new passkey.' })

/** Bound to the session, so that what was signed once is of no use elsewhere. */
const consent = ({ personId, sessionId, rpId }: Asking, { id, publicKey }: Passkey, role: string): Uint8Array =>
  canonicalBytes({ domain: 'vouchsafe/attest-with/v1', person: personId, session: sessionId, passkey: id, key: toHex(Uint8Array.from(publicKey)), rpId, role })
