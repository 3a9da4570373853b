import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { systemClock } from '#core/clock'
import { lockFolder } from '#core/database'
import { isVouchsafeError, messageOf, VouchsafeError } from '#core/errors'
import { rootStanding, rotateRoot, tryRootKey } from '#core/keys'
import { json, type ExitCode, type Terminal } from './command.ts'
import type { Finding } from './doctor.ts'

/** The folder's lock sees to it that no server wraps by the old root meanwhile. */
export async function rotate(data: string, to: string | undefined, asJson: boolean, terminal: Terminal): Promise<ExitCode> {
  // Before the lock, which would make the folder.
  if (!existsSync(join(data, 'keys'))) throw new VouchsafeError('not-found', `There are no keys in ${data}.`, { mend: 'Name the data folder with --data.' })
  const lock = await lockFolder(data)
  try {
    const done = await rotateRoot({ folder: join(data, 'keys'), environment: terminal.env, clock: systemClock }, to)
    terminal.out(
      asJson
        ? json(done)
        : `${done.resumed ? 'A rotation that was cut short is ended. ' : ''}${done.rewrapped} keys were wrapped anew. The root key is: ${done.root}.\nCopies of the data folder from before open under the old root key alone: keep it as long as you keep them.\n${done.left === undefined ? '' : `Nothing here needs ${done.left} any more; it is yours to remove.\n`}`,
    )
    return 0
  } finally {
    lock.release()
  }
}

/** The root key as `doctor` tells of it: which it is, whether it can be used from here, whether a rotation waits for its end. */
export async function rootKeyFinding(data: string, environment: Terminal['env']): Promise<Finding> {
  const folder = join(data, 'keys')
  const name = 'root key'
  try {
    const { address, underWay, fresh } = await rootStanding(folder)
    if (fresh) return { name, ok: true, detail: 'is made or chosen at the first start' }
    if (underWay) return { name, ok: false, detail: `${address}; its rotation was cut short`, mend: 'Stop the installation, and run `vouchsafe key rotate-root` to end it.' }
    return { name, ok: true, detail: await tryRootKey({ folder, environment, clock: systemClock }) }
  } catch (error) {
    // What is missing here may well be there for the account that runs the installation.
    const ok = isVouchsafeError(error, 'bad-input') || isVouchsafeError(error, 'unavailable') ? ('unknown' as const) : false
    return { name, ok, detail: messageOf(error), mend: (isVouchsafeError(error) ? error.mend : undefined) ?? 'Run `vouchsafe doctor` as the account that runs the installation.' }
  }
}
