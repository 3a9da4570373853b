import { createHash, randomBytes, timingSafeEqual } from 'node:crypto'
import { chmodSync, existsSync, lstatSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { VouchsafeError } from '#core/errors'

/**
 * The operator's way in until people can sign in: a Unix socket in a 0700 folder, and a token in a 0600 file beside it.
 * Both are needed; neither is reachable over the network.
 */
export interface OperatorDoor {
  socketPath: string
  tokenPath: string
  /** True for the token of this run; in constant time. */
  opens(authorization: string | undefined): boolean
  close(): void
}

// sun_path holds 108 bytes on Linux and 104 on macOS, the terminating zero included.
const LONGEST_SOCKET_PATH = 103

export const operatorFolder = (data: string): string => join(data, 'operator')

/** Makes the folder and a fresh token; a token of an earlier run stops to count. */
export function openOperatorDoor(data: string): OperatorDoor {
  const folder = operatorFolder(data)
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  chmodSync(folder, 0o700)
  const socketPath = join(folder, 'socket')
  const tokenPath = join(folder, 'token')
  if (Buffer.byteLength(socketPath) > LONGEST_SOCKET_PATH) {
    throw new VouchsafeError('refused', `The path of the operator socket is too long for this system: ${socketPath}.`, { mend: 'Choose a data folder with a shorter path (--data).' })
  }
  const token = randomBytes(32).toString('base64url')
  rmSync(tokenPath, { force: true })
  writeFileSync(tokenPath, token, { mode: 0o600, flag: 'wx' })
  // A socket of a process that was killed; the data folder's lock has shown that nobody else serves it.
  rmSync(socketPath, { force: true })
  const digest = createHash('sha256').update(token).digest()
  return {
    socketPath,
    tokenPath,
    opens(authorization) {
      const given = /^Bearer ([\w-]{20,100})$/.exec(authorization ?? '')?.[1]
      return given !== undefined && timingSafeEqual(createHash('sha256').update(given).digest(), digest)
    },
    close() {
      rmSync(tokenPath, { force: true })
      rmSync(socketPath, { force: true })
    },
  }
}

/** What the command line needs to call the running installation. @throws VouchsafeError when none runs, or files are too open */
export function findOperatorDoor(data: string): { socketPath: string; token: string } {
  const folder = operatorFolder(data)
  const tokenPath = join(folder, 'token')
  const socketPath = join(folder, 'socket')
  if (!existsSync(tokenPath) || !existsSync(socketPath)) {
    throw new VouchsafeError('unavailable', `No installation runs on ${data}.`, { mend: 'Start it with `npm start`, or name its folder with --data.' })
  }
  const mode = lstatSync(tokenPath).mode & 0o777
  if (mode !== 0o600) throw new VouchsafeError('refused', `${tokenPath} is open to others (mode ${mode.toString(8)}).`, { mend: `Stop the installation, run \`chmod 600 ${tokenPath}\`, and start it again for a new token.` })
  return { socketPath, token: readFileSync(tokenPath, 'utf8').trim() }
}

/** The text of a header: Node hands its bytes over as ISO 8859-1; what is UTF-8 is read as that (RFC 9110 §5.5). */
export function headerText(value: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(Buffer.from(value, 'latin1'))
  } catch {
    return value
  }
}
