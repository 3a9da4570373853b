import { createPrivateKey, createPublicKey, generateKeyPairSync, randomBytes, sign as signBytes } from 'node:crypto'
import type { KeyObject } from 'node:crypto'
import { readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { Clock } from '#core/clock'
import { removeDrafts } from '#core/disk'
import { VouchsafeError } from '#core/errors'
import { readPrivate, removePrivate, writePrivate } from './private-file.ts'
import type { RootKey } from './root-key.ts'
import { open, placeText, seal } from './sealed.ts'
import type { Place } from './sealed.ts'

/** The id of an encryption key: 32 hex digits. */
export type KeyId = string & { readonly brand: 'KeyId' }

/** A wrapped key as its file holds it. */
interface KeyFile {
  kind: 'encryption' | 'signing' | 'secret'
  id: string
  purpose: string
  root: string
  wrapped: string
  createdAt: string
  /** Ed25519 public key, 32 bytes in base64url; signing keys only. */
  publicKey?: string
}

export interface SigningKey {
  name: string
  /** Ed25519, 32 bytes (RFC 8032 §5.1.5). */
  publicKey: Uint8Array
}

/** Unwrapped keys kept in memory; the oldest goes first. A page of evidence needs a few hundred. */
const cachedKeys = 1000

/** DER of an Ed25519 private key up to its 32-byte seed (RFC 8410 §7), and of a public key up to its 32 bytes (§4). */
const privatePrefix = Buffer.from('302e020100300506032b657004220420', 'hex')
const publicPrefix = Buffer.from('302a300506032b6570032100', 'hex')

/**
 * The keys of one organisation. Each lies wrapped by the root key in a file of its own, apart from the data it seals:
 * destroying the file erases everything sealed under it, in every copy and backup of the data.
 */
export class KeyRing {
  readonly #folder: string
  readonly #organisation: string
  readonly #clock: Clock
  #roots: readonly RootKey[]
  readonly #unwrapped = new Map<string, Buffer>()
  readonly #signers = new Map<string, { key: KeyObject; publicKey: Buffer }>()

  /** @param roots the first wraps, all unwrap */
  constructor(options: { folder: string; organisation: string; roots: readonly RootKey[]; clock: Clock }) {
    if (options.roots.length === 0) throw new VouchsafeError('internal', 'A key ring needs a root key.')
    this.#folder = options.folder
    this.#organisation = options.organisation
    this.#roots = options.roots
    this.#clock = options.clock
  }

  /** Makes an encryption key. `purpose` is for people: 'evidence of check tls-1'. */
  async create(purpose: string): Promise<KeyId> {
    const id = randomBytes(16).toString('hex')
    await this.#store('encryption', id, purpose, randomBytes(32))
    return id as KeyId
  }

  /** Seals bytes for one place. See sealed.ts for the form. */
  async encrypt(id: KeyId, place: Place, bytes: Uint8Array): Promise<Buffer> {
    return seal(await this.#encryptionKey(id), sealContext(id, place), bytes)
  }

  /** @throws VouchsafeError `not-found` once the key is destroyed, `corrupt` for altered or moved bytes */
  async decrypt(id: KeyId, place: Place, sealed: Uint8Array): Promise<Buffer> {
    return open(await this.#encryptionKey(id), sealContext(id, place), sealed)
  }

  /**
   * Erases: the wrapped key is removed, and a mark stays that refuses it should a restored copy bring it back.
   * On disk when it returns. Destroying a key twice is no error.
   */
  async destroy(id: KeyId): Promise<void> {
    const path = this.#path('encryption', id)
    // Mark first: cut short between the two, the key is refused already.
    await writePrivate(markOf(path), JSON.stringify({ destroyedAt: this.#clock.now().toISOString() }) + '\n')
    await removePrivate(path)
    this.#unwrapped.get(id)?.fill(0)
    this.#unwrapped.delete(id)
  }

  /** Makes an Ed25519 key. The private half never leaves the ring. @throws VouchsafeError `conflict` when there is one of that name */
  async createSigningKey(name: string): Promise<SigningKey> {
    if ((await this.signingKey(name)) !== undefined) {
      throw new VouchsafeError('conflict', `There is a signing key named "${name}" already.`, { mend: 'Use that key, or choose another name.' })
    }
    const { privateKey, publicKey } = generateKeyPairSync('ed25519')
    const seed = privateKey.export({ format: 'der', type: 'pkcs8' }).subarray(privatePrefix.length)
    const raw = publicKey.export({ format: 'der', type: 'spki' }).subarray(publicPrefix.length)
    await this.#store('signing', name, `signing key ${name}`, seed, raw.toString('base64url'))
    return { name, publicKey: new Uint8Array(raw) }
  }

  /** The public half, or `undefined` when there is no such key. */
  async signingKey(name: string): Promise<SigningKey | undefined> {
    const file = await this.#read('signing', name)
    return file?.publicKey === undefined ? undefined : { name, publicKey: new Uint8Array(Buffer.from(file.publicKey, 'base64url')) }
  }

  /** Signs with Ed25519 (RFC 8032 §5.1.6). @returns 64 bytes */
  async sign(name: string, bytes: Uint8Array): Promise<Uint8Array> {
    return new Uint8Array(signBytes(null, bytes, (await this.#signer(name)).key))
  }

  /** Keeps a secret of the system itself, such as a password of a database role; replaces the one of that name. */
  async keepSecret(name: string, secret: string): Promise<void> {
    await this.#store('secret', name, `secret ${name}`, Buffer.from(secret))
  }

  async secret(name: string): Promise<string | undefined> {
    const file = await this.#read('secret', name)
    return file === undefined ? undefined : (await this.#unwrap(file)).toString('utf8')
  }

  /**
   * Wraps every key anew with `roots[0]`. Each file is replaced whole, so a rotation cut short goes on at the next call;
   * until it ends, the old roots must stay among `roots`. Each new wrapping is opened once before it takes the place of the old.
   * @param options.anew wraps those again, too, that this root wrapped
   * @returns how many files were wrapped anew
   */
  async rewrap(roots: readonly RootKey[], options: { anew?: boolean } = {}): Promise<number> {
    const current = roots[0]
    if (current === undefined) throw new VouchsafeError('internal', 'A key ring needs a root key.')
    this.#roots = roots
    let count = 0
    const names = await readdir(this.#folder).catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return []
      throw error // keys that cannot be seen must not pass for keys that are not there
    })
    for (const name of names) {
      const [, kind, id] = /^(encryption|signing|secret)-(.+)\.json$/.exec(name) ?? []
      if (kind === undefined || id === undefined) continue
      const path = this.#path(kind as KeyFile['kind'], id)
      if (await isThere(markOf(path))) {
        await removePrivate(path) // its destruction was cut short
        continue
      }
      const file = await this.#read(kind as KeyFile['kind'], id)
      if (file === undefined || (file.root === current.id && options.anew !== true)) continue
      const plain = await this.#unwrap(file)
      const wrapped = await current.wrap(plain, this.#context(file.kind, file.id))
      const back = await current.unwrap(wrapped, this.#context(file.kind, file.id))
      const same = back.equals(plain)
      for (const secret of [plain, back]) secret.fill(0)
      if (!same) throw new VouchsafeError('corrupt', `The root key at ${current.describe()} does not give back what it wrapped.`, { mend: 'Nothing was replaced. Do not use that root key.' })
      await writePrivate(path, JSON.stringify({ ...file, root: current.id, wrapped: Buffer.from(wrapped).toString('base64') }) + '\n')
      await removeDrafts(path)
      count++
    }
    return count
  }

  async #encryptionKey(id: KeyId): Promise<Buffer> {
    const path = this.#path('encryption', id)
    // INVARIANT: the disk decides, not the cache: another process may have destroyed the key.
    if (await isThere(markOf(path))) throw gone()
    const cached = this.#unwrapped.get(id)
    if (cached !== undefined && (await isThere(path))) return cached
    const file = await this.#read('encryption', id)
    if (file === undefined) throw gone()
    const key = await this.#unwrap(file)
    this.#unwrapped.set(id, key)
    if (this.#unwrapped.size > cachedKeys) {
      const oldest = this.#unwrapped.keys().next().value
      if (oldest !== undefined) this.#unwrapped.delete(oldest)
    }
    return key
  }

  async #signer(name: string) {
    const known = this.#signers.get(name)
    if (known !== undefined) return known
    const file = await this.#read('signing', name)
    if (file?.publicKey === undefined) {
      throw new VouchsafeError('not-found', `There is no signing key named "${name}".`, { mend: 'Restore the key folder that belongs to this data.' })
    }
    const seed = await this.#unwrap(file)
    const key = createPrivateKey({ key: Buffer.concat([privatePrefix, seed]), format: 'der', type: 'pkcs8' })
    seed.fill(0)
    const publicKey = createPublicKey(key).export({ format: 'der', type: 'spki' }).subarray(publicPrefix.length)
    // The public half is not authenticated by the wrapping; a changed one would have readers trust a stranger's key.
    if (publicKey.toString('base64url') !== file.publicKey) throw new VouchsafeError('corrupt', `The public half of signing key "${name}" does not fit its private half.`)
    const signer = { key, publicKey }
    this.#signers.set(name, signer)
    return signer
  }

  async #store(kind: KeyFile['kind'], id: string, purpose: string, plain: Uint8Array, publicKey?: string): Promise<void> {
    const [root] = this.#roots
    if (root === undefined) throw new VouchsafeError('internal', 'A key ring needs a root key.')
    const wrapped = Buffer.from(await root.wrap(plain, this.#context(kind, id))).toString('base64')
    const file: KeyFile = { kind, id, purpose, root: root.id, wrapped, createdAt: this.#clock.now().toISOString(), ...(publicKey === undefined ? {} : { publicKey }) }
    await writePrivate(this.#path(kind, id), JSON.stringify(file) + '\n')
  }

  async #read(kind: KeyFile['kind'], id: string): Promise<KeyFile | undefined> {
    const path = this.#path(kind, id)
    const text = await readPrivate(path)
    if (text === undefined) return undefined
    try {
      const file = JSON.parse(text) as KeyFile
      if (file.kind === kind && file.id === id && typeof file.wrapped === 'string' && typeof file.root === 'string') return file
    } catch {
      // said below
    }
    throw new VouchsafeError('corrupt', `The key file ${path} cannot be read.`, { mend: 'Restore it from the copy of the key folder.' })
  }

  async #unwrap(file: KeyFile): Promise<Buffer> {
    const root = this.#roots.find((candidate) => candidate.id === file.root)
    if (root === undefined) {
      throw new VouchsafeError('unavailable', `A key is wrapped by root key ${file.root}, which is not configured.`, {
        mend: 'Configure the root key that this installation was run with, or end the rotation that was begun.',
      })
    }
    return root.unwrap(Buffer.from(file.wrapped, 'base64'), this.#context(file.kind, file.id))
  }

  /** INVARIANT: names organisation, kind and id, so that no wrapped key opens in another's place. */
  #context(kind: KeyFile['kind'], id: string): string {
    return `vouchsafe/key/v1|${this.#organisation}|${kind}|${id}`
  }

  #path(kind: KeyFile['kind'], id: string): string {
    if (!/^[a-z0-9][a-z0-9._-]{0,99}$/.test(id)) throw new VouchsafeError('bad-input', `"${id}" is no name for a key.`, { mend: 'Use up to 100 of a-z, 0-9, dot, dash and underscore.' })
    return join(this.#folder, `${kind}-${id}.json`)
  }
}

function sealContext(id: KeyId, place: Place): string {
  return `vouchsafe/seal/v1|${id}|${placeText(place)}`
}

function markOf(path: string): string {
  return path.replace(/\.json$/, '.destroyed')
}

function gone(): VouchsafeError {
  return new VouchsafeError('not-found', 'The key of this value has been destroyed: the value was erased.', { mend: 'Nothing brings it back; that is the purpose.' })
}

async function isThere(path: string): Promise<boolean> {
  try {
    await stat(path)
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false
    throw error // a folder that cannot be read must not pass for "not destroyed"
  }
}
