import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { homedir } from 'node:os'
import path from 'node:path'
import { openCheckpoint, sameBytes, toHex, VerifyError, type SignedCheckpoint, type VerifierKey } from '@vouchsafe/verify'
import { writeWhole } from '#core/disk'
import { messageOf, VouchsafeError } from '#core/errors'

/**
 * Keeps the highest signed checkpoint where a restored copy of the data folder does not reach. Several may be used
 * together: a folder on this machine, an object store elsewhere.
 */
export interface Guard {
  /** What is shown to an operator: where to look. */
  readonly place: string
  read(origin: string): Promise<Uint8Array | undefined>
  /** Durable when it resolves. */
  write(origin: string, checkpoint: Uint8Array): Promise<void>
}

const stateFolder = (): string => path.join(process.env['XDG_STATE_HOME'] || path.join(homedir(), '.local', 'state'), 'vouchsafe')

/** One file for each origin, under the user's state folder unless told otherwise. */
export function folderGuard(folder: string = stateFolder()): Guard {
  const fileOf = (origin: string): string => path.join(folder, createHash('sha256').update(origin).digest('hex').slice(0, 32), 'checkpoint')
  return {
    place: folder,
    async read(origin) {
      try {
        return await readFile(fileOf(origin))
      } catch (error) {
        if ((error as { code?: string }).code === 'ENOENT') return undefined
        throw new VouchsafeError('unavailable', `The rollback guard ${fileOf(origin)} cannot be read: ${messageOf(error)}.`, {
          mend: 'Make the file readable for the account that runs Vouchsafe. Deleting it would blind the guard.',
          cause: error,
        })
      }
    },
    async write(origin, checkpoint) {
      const file = fileOf(origin)
      try {
        await writeWhole(file, checkpoint)
      } catch (error) {
        throw new VouchsafeError('unavailable', `The rollback guard ${file} cannot be written: ${messageOf(error)}.`, {
          mend: 'Make room, or make the folder writable; the log goes on by itself.',
          cause: error,
        })
      }
    },
  }
}

/** The same in an object store, which is one guard more when that store is not part of the data folder. */
export function objectGuard(place: string, objects: { get(key: string): Promise<Uint8Array | undefined>; put(key: string, bytes: Uint8Array): Promise<void> }): Guard {
  const keyOf = (origin: string): string => `guard/${createHash('sha256').update(origin).digest('hex').slice(0, 32)}`
  return { place, read: (origin) => objects.get(keyOf(origin)), write: (origin, checkpoint) => objects.put(keyOf(origin), checkpoint) }
}

/** What a log has of itself: its newest checkpoint, and the root it had at an earlier size. */
export interface Standing {
  origin: string
  size: number
  rootAt(size: number): Promise<Uint8Array>
}

/** The highest checkpoint that any guard remembers, its signature verified. */
export async function remembered(guards: readonly Guard[], logKey: VerifierKey): Promise<{ checkpoint: SignedCheckpoint; place: string } | undefined> {
  let highest: { checkpoint: SignedCheckpoint; place: string } | undefined
  for (const guard of guards) {
    const bytes = await guard.read(logKey.name)
    if (!bytes) continue
    let checkpoint: SignedCheckpoint
    try {
      checkpoint = openCheckpoint(bytes, logKey)
    } catch (error) {
      if (!(error instanceof VerifyError)) throw error
      throw new VouchsafeError('refused', `The checkpoint that the rollback guard keeps in ${guard.place} was changed: ${error.message}.`, {
        mend: 'Find out who changed it. The log signs nothing until the file is put back, or `vouchsafe log succeed` starts a successor.',
        cause: error,
      })
    }
    if (!highest || checkpoint.size > highest.checkpoint.size) highest = { checkpoint, place: guard.place }
  }
  return highest
}

/**
 * Refuses when the log is behind, or beside, what was signed before.
 * @throws VouchsafeError `refused`, with what to do
 */
export async function refuseRollback(standing: Standing, guards: readonly Guard[], logKey: VerifierKey): Promise<void> {
  const known = await remembered(guards, logKey)
  if (!known) return
  const { size, root } = known.checkpoint
  const mend =
    'If a newer copy of the data folder exists, stop, put it back and start again. If it is lost, run `vouchsafe log succeed`: a new log begins, whose first entry names the last known checkpoint, and readers are told.'
  if (size > standing.size)
    throw new VouchsafeError('refused', `This log has ${standing.size} entries, but a checkpoint over ${size} was signed before (kept in ${known.place}): the data is an old copy, and signing would fork the log.`, { mend })
  const then = await standing.rootAt(size)
  if (!sameBytes(then, root))
    throw new VouchsafeError('refused', `This log had root ${toHex(then).slice(0, 16)}… at size ${size}, but ${toHex(root).slice(0, 16)}… was signed before (kept in ${known.place}): signing would fork the log.`, { mend })
}
