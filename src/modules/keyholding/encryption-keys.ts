import { randomUUID } from 'node:crypto'
import { keyIdOf, toHex, type KeyChange } from '@vouchsafe/verify'
import { VouchsafeError } from '#core/errors'
import { changeKey, countingKeysOf, instantOf, revocationOf } from '#core/statement'
import { requireWrap, type WrapKind } from './age-file.ts'
import { keyholding } from './contract.ts'
import type { KeyholdingParts } from './parts.ts'
import { readRecipient } from './recipient.ts'
import { addKey, addWrap, endCurrent, forSibling, forStatements, findKey, recipientIsTaken, removeWrap, takeTurn, type KeyholdingChange, type Wrap } from './store.ts'

/** What a browser made: an age file that this one opener opens. */
export interface NewWrap {
  kind: WrapKind
  passkey?: string | undefined
  file: Uint8Array
}

// Twenty passkeys, a passphrase and a recovery key.
const MOST_WRAPS = 22
/** The page calls nobody by an encryption key, so it has no role of its own. */
const ROLE = 'reader'

/**
 * The key by which a person reads what only people may read. It is made in their browser; here lie the public half and files
 * that the server cannot open.
 */
export class EncryptionKeys {
  readonly #parts: KeyholdingParts
  constructor(parts: KeyholdingParts) {
    this.#parts = parts
  }

  /**
   * Makes it the key of this person from now on. One that they had ends; its wraps stay, so that older files stay readable.
   * @throws VouchsafeError `bad-input`, `conflict`
   */
  async make(personId: string, recipient: string, wraps: readonly NewWrap[]): Promise<{ id: string; keyId: string }> {
    const key = readRecipient(recipient)
    // INVARIANT: there is a recovery key, and something for every day; else the first lost device would be the end of every file.
    if (wraps.filter(({ kind }) => kind === 'recovery').length !== 1 || wraps.every(({ kind }) => kind === 'recovery')) throw new VouchsafeError('bad-input', 'A key is wrapped by one recovery key, and by a passkey or a passphrase.')
    await this.#requireWraps(personId, wraps)
    const made = { id: randomUUID(), keyId: keyIdOf(key), personId, recipient }
    await this.#change(personId, 'encryption-key.make', { key: made.id }, async (tx) => {
      await this.#parts.people.holdLiving(forSibling(tx), personId)
      await takeTurn(tx, personId)
      if (await recipientIsTaken(tx, recipient)) throw new VouchsafeError('conflict', 'This key has been used before.', { mend: 'Make a new one.' })
      await this.end(tx, personId, 'replaced')
      await addKey(tx, made)
      for (const wrap of wraps) await addWrap(tx, made.id, wrapOf(wrap))
      const change: KeyChange = { action: 'added', purpose: 'encryption', key: toHex(key), holder: personId, role: ROLE, at: instantOf(tx.at) }
      await changeKey(forStatements(tx), this.#parts.signer, change)
      await this.#parts.events.happened(tx, keyholding, 'encryption-key.made', { person: personId, key: made.id })
    })
    return made
  }

  /** Within the caller's change: nothing is encrypted to this person's key from now on, and the log says so. */
  async end(tx: KeyholdingChange, personId: string, why: 'replaced' | 'deactivated'): Promise<void> {
    const ended = await endCurrent(tx, personId, why)
    if (ended === undefined) return
    const record = (await countingKeysOf(forStatements(tx), personId)).find(({ purpose, keyId }) => purpose === 'encryption' && keyId === ended.keyId)
    if (record) await changeKey(forStatements(tx), this.#parts.signer, revocationOf(record, instantOf(tx.at)))
    await this.#parts.events.happened(tx, keyholding, 'encryption-key.ended', { person: personId, key: ended.id, why })
  }

  /** Another opener; of the same kind, or the same passkey, it takes the old one's place. Ended keys take them too. */
  async wrap(personId: string, id: string, wrap: NewWrap): Promise<{ id: string }> {
    await this.#requireWraps(personId, [wrap])
    const made = wrapOf(wrap)
    await this.#change(personId, 'encryption-key.wrap', { key: id, kind: wrap.kind }, async (tx) => {
      await this.#parts.people.holdLiving(forSibling(tx), personId)
      await takeTurn(tx, personId)
      const key = await findKey(tx, personId, id)
      if (key === undefined) throw noKey()
      const before = key.wraps.find((other) => other.kind === wrap.kind && other.passkeyId === wrap.passkey)
      if (before) await removeWrap(tx, before.id)
      else if (key.wraps.length >= MOST_WRAPS) throw new VouchsafeError('refused', `${MOST_WRAPS} ways to open a key are enough.`)
      await addWrap(tx, id, made)
      await this.#parts.events.happened(tx, keyholding, 'encryption-key.wrapped', { person: personId, key: id, kind: wrap.kind })
    })
    return { id: made.id }
  }

  /** INVARIANT: the recovery key is replaced, never taken away. */
  async unwrap(personId: string, id: string, wrapId: string): Promise<void> {
    await this.#change(personId, 'encryption-key.unwrap', { key: id, wrap: wrapId }, async (tx) => {
      await takeTurn(tx, personId)
      const key = await findKey(tx, personId, id)
      const wrap = key?.wraps.find((one) => one.id === wrapId)
      if (wrap === undefined) throw noKey()
      if (wrap.kind === 'recovery') throw new VouchsafeError('refused', 'A key keeps its recovery key.', { mend: 'Make a new recovery key; the old one is worth nothing then.' })
      await removeWrap(tx, wrapId)
      await this.#parts.events.happened(tx, keyholding, 'encryption-key.unwrapped', { person: personId, key: id })
    })
  }

  async #requireWraps(personId: string, wraps: readonly NewWrap[]): Promise<void> {
    if (wraps.length > MOST_WRAPS) throw new VouchsafeError('bad-input', `${MOST_WRAPS} ways to open a key are enough.`)
    const own = new Set((await this.#parts.passkeysOf(personId)).map(({ id }) => id))
    const seen = new Set<string>()
    for (const { kind, passkey, file } of wraps) {
      requireWrap(kind, file)
      if ((kind === 'passkey') !== (passkey !== undefined)) throw new VouchsafeError('bad-input', 'A wrap by passkey names the passkey, and no other does.')
      if (passkey !== undefined && !own.has(passkey)) throw new VouchsafeError('not-found', 'You have no such passkey.')
      const name = `${kind} ${passkey ?? ''}`
      if (seen.has(name)) throw new VouchsafeError('bad-input', 'The same way to open the key is given twice.')
      seen.add(name)
    }
  }

  #change<R>(personId: string, action: string, detail: Record<string, string>, work: (tx: KeyholdingChange) => Promise<R>): Promise<R> {
    return this.#parts.db.change({ actor: { kind: 'person', name: personId }, action, subject: { kind: 'person', id: personId }, detail }, work)
  }
}

const wrapOf = ({ kind, passkey, file }: NewWrap): Omit<Wrap, 'createdAt'> => ({ id: randomUUID(), kind, file, ...(passkey === undefined ? {} : { passkeyId: passkey }) })
const noKey = (): VouchsafeError => new VouchsafeError('not-found', 'You have no such key.')
