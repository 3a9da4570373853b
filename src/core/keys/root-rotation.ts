import { readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { timingSafeEqual, randomBytes } from 'node:crypto'
import { VouchsafeError } from '#core/errors'
import { KeyRing } from './key-ring.ts'
import { addLocalRoot, forgetOldLocalRoots, openLocalRoots } from './local-root.ts'
import { readPrivate, removePrivate, writePrivate } from './private-file.ts'
import { LOCAL_ROOT, parseRootAddress, rootAddressText, rootFilePath, serviceRoot, type RootSurroundings } from './root-address.ts'
import type { RootKey } from './root-key.ts'

/** Which root keys belong to the wrapped keys of a folder. Kept beside them; absent while it is the local file alone. */
interface Register {
  /** Address of the root that wraps. */
  wraps: string
  /** Addresses of those that only unwrap, while a rotation is under way. */
  opens: string[]
}

const registerFile = (folder: string): string => join(folder, 'root-keys.json')

/**
 * Opens the root keys of a folder of keys; the first one wraps. At the first start `address` decides which it is, and is
 * kept; from then on it must agree with what is kept, since another root key opens nothing.
 * @throws VouchsafeError `refused` when `address` is another root key than the folder's, or its file is gone
 */
export async function openRootKeys(surroundings: RootSurroundings, address?: string): Promise<RootKey[]> {
  const { folder } = surroundings
  const kept = await readRegister(folder)
  const given = address === undefined ? undefined : rootAddressText(parseRootAddress(address), folder)
  const used = (await ringsIn(folder)).length > 0
  if (given !== undefined && given !== (kept?.wraps ?? LOCAL_ROOT)) {
    const here = kept?.wraps ?? (used ? LOCAL_ROOT : undefined)
    if (here !== undefined && !(await isSameRoot(given, here, surroundings))) {
      throw new VouchsafeError('refused', `The keys in ${folder} are wrapped by the root key ${here}, not by ${given}.`, {
        mend: `Start without --root-key, or with ${here}. To change it, stop the installation and run: vouchsafe key rotate-root --to '${given}'`,
      })
    }
    const roots = await openAll([given, ...(kept?.opens ?? [])], surroundings, used)
    if (kept === undefined) {
      await requireWorking(roots[0])
      await writeRegister(folder, { wraps: given, opens: [] })
    }
    return roots
  }
  return openAll([kept?.wraps ?? LOCAL_ROOT, ...(kept?.opens ?? [])], surroundings, used)
}

/** What `vouchsafe doctor` tells of the root key, without making any. */
export interface RootStanding {
  address: string
  /** A rotation was begun and has not ended. */
  underWay: boolean
  /** Nothing was wrapped yet. */
  fresh: boolean
}

export async function rootStanding(folder: string): Promise<RootStanding> {
  const kept = await readRegister(folder)
  const address = kept?.wraps ?? LOCAL_ROOT
  const parsed = parseRootAddress(address)
  const lines = parsed.kind === 'file' ? ((await readPrivate(rootFilePath(parsed, folder))) ?? '').trim().split('\n').length : 1
  return { address, underWay: (kept?.opens ?? []).length > 0 || lines > 1, fresh: (await ringsIn(folder)).length === 0 }
}

/** Wraps and unwraps something that is no key, to see whether a root key can be used. @throws VouchsafeError */
export async function tryRootKey(surroundings: RootSurroundings): Promise<string> {
  const [root] = await openRootKeys(surroundings)
  await requireWorking(root)
  return root?.describe() ?? ''
}

export interface Rotation {
  /** Keys that were wrapped anew. */
  rewrapped: number
  /** The root that wraps from now on, for people. */
  root: string
  /** Whether this ended a rotation that had been cut short. */
  resumed: boolean
  /** A root key file of the operator's own that opens nothing any more; ours is removed. */
  left?: string
}

/**
 * Puts another root key over every wrapped key of a folder that nothing else uses meanwhile. Without `to`, a local file
 * gets a new key, and a key at a service wraps everything again, under its newest version. A rotation that was cut short
 * is ended by the next call.
 *
 * INVARIANT: at every moment each key opens under a root that the folder names; an old root is forgotten only once
 * nothing is wrapped by it.
 * @throws VouchsafeError `bad-input`, `refused`; `unavailable` when a service does not answer: call again
 */
export async function rotateRoot(surroundings: RootSurroundings, to?: string): Promise<Rotation> {
  const { folder } = surroundings
  const rings = await ringsIn(folder)
  if (rings.length === 0) throw new VouchsafeError('not-found', `There are no keys in ${folder} yet.`, { mend: 'Choose the root key at the first start, with --root-key; or name the data folder with --data.' })
  const kept = (await readRegister(folder)) ?? { wraps: LOCAL_ROOT, opens: [] }
  const before = [kept.wraps, ...kept.opens]
  const old = await openAll(before, surroundings, true)
  const inFile = parseRootAddress(kept.wraps).kind === 'file'
  const ownFile = inFile ? (await openAll([kept.wraps], surroundings, true)).length : 1
  const underWay = kept.opens.length > 0 || ownFile > 1
  const target = to === undefined ? kept.wraps : rootAddressText(parseRootAddress(to), folder)
  let { opens } = kept
  let roots = old
  let anew = false
  if (target !== kept.wraps) {
    const fresh = await openAll([target], surroundings, false)
    if (!before.includes(target) && fresh.some(({ id }) => old.some((root) => root.id === id))) {
      throw new VouchsafeError('refused', `${target} is a root key of this folder already, under another address.`, { mend: 'Give the new key another name at its service.' })
    }
    await requireWorking(fresh[0])
    opens = before.filter((address) => address !== target)
    // Before anything is wrapped by the new one: a start after a crash must know both.
    await writeRegister(folder, { wraps: target, opens })
    roots = [...fresh, ...old.filter(({ id }) => !fresh.some((root) => root.id === id))]
  } else if (!underWay) {
    if (inFile) roots = await addLocalRoot(rootFilePath(parseRootAddress(target), folder))
    else anew = true
  }
  await requireWorking(roots[0])

  let rewrapped = 0
  for (const organisation of rings) {
    rewrapped += await new KeyRing({ folder: join(folder, organisation), organisation, roots, clock: surroundings.clock }).rewrap(roots, { anew })
  }

  const parsed = parseRootAddress(target)
  if (opens.length > 0) await writeRegister(folder, { wraps: target, opens: [] })
  if (parsed.kind === 'file') await forgetOldLocalRoots(rootFilePath(parsed, folder))
  const local = rootFilePath(parseRootAddress(LOCAL_ROOT), folder)
  if (target !== LOCAL_ROOT) await removePrivate(local)
  const left = opens.filter((address) => address.startsWith('file:') && address !== LOCAL_ROOT).map((address) => rootFilePath(parseRootAddress(address), folder))[0]
  return { rewrapped, root: roots[0]?.describe() ?? '', resumed: underWay, ...(left === undefined ? {} : { left }) }
}

async function openAll(addresses: readonly string[], surroundings: RootSurroundings, used: boolean): Promise<RootKey[]> {
  const roots: RootKey[] = []
  for (const text of addresses) {
    const address = parseRootAddress(text)
    if (address.kind !== 'file') {
      roots.push(await serviceRoot(address, surroundings))
      continue
    }
    const path = rootFilePath(address, surroundings.folder)
    // A new key in the place of a lost one would open nothing, and hide that it is lost.
    if (used && (await readPrivate(path)) === undefined) {
      throw new VouchsafeError('refused', `The root key file ${path} is gone, and there are keys that it wrapped.`, { mend: 'Put the file back from where you keep its copy. Without it nothing that was sealed can be read.' })
    }
    roots.push(...(await openLocalRoots(path)))
  }
  return roots
}

/** The same key under another address: a service that has moved. */
async function isSameRoot(given: string, here: string, surroundings: RootSurroundings): Promise<boolean> {
  const [one, other] = [parseRootAddress(given), parseRootAddress(here)]
  if (one.kind === 'file' || one.kind !== other.kind) return false
  return (await serviceRoot(one, surroundings)).id === (await serviceRoot(other, surroundings)).id
}

async function requireWorking(root: RootKey | undefined): Promise<void> {
  if (root === undefined) throw new VouchsafeError('internal', 'There is no root key.')
  const text = randomBytes(32)
  const back = await root.unwrap(await root.wrap(text, 'vouchsafe/trial/v1'), 'vouchsafe/trial/v1')
  if (back.length !== text.length || !timingSafeEqual(back, text)) throw new VouchsafeError('corrupt', `The root key at ${root.describe()} does not give back what it wrapped.`, { mend: 'Do not use it.' })
}

/** Names of the key rings in a folder: one for each organisation, and one for the directory of organisations. */
async function ringsIn(folder: string): Promise<string[]> {
  const names: string[] = await readdir(folder).catch((error: NodeJS.ErrnoException): string[] => {
    if (error.code === 'ENOENT') return []
    throw new VouchsafeError('unavailable', `The folder of keys ${folder} cannot be read: ${error.message}.`, { cause: error })
  })
  const rings: string[] = []
  // A link to a folder elsewhere is a ring as well: to pass over it in a rotation would lose it.
  for (const name of names.toSorted()) if ((await stat(join(folder, name))).isDirectory()) rings.push(name)
  return rings
}

async function readRegister(folder: string): Promise<Register | undefined> {
  const text = await readPrivate(registerFile(folder))
  if (text === undefined) return undefined
  try {
    const { wraps, opens } = JSON.parse(text) as Partial<Register>
    if (typeof wraps === 'string' && Array.isArray(opens) && opens.every((address) => typeof address === 'string')) return { wraps, opens }
  } catch {
    // said below
  }
  throw new VouchsafeError('corrupt', `${registerFile(folder)} cannot be read.`, { mend: 'Restore it from the copy of the folder of keys: it says which root key opens them.' })
}

const writeRegister = (folder: string, register: Register): Promise<void> => writePrivate(registerFile(folder), `${JSON.stringify(register)}\n`)
