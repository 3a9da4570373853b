import { generateKeyPairSync } from 'node:crypto'
import { link, open, rm } from 'node:fs/promises'
import { keyIdOf, toBase64 } from '@vouchsafe/verify'
import { isVouchsafeError, VouchsafeError } from '#core/errors'
import { readSenderKey } from '../pushed/observation.ts'

/**
 * Makes the key of a runner or another sender: an Ed25519 private key in PEM (PKCS#8) that only its owner may read. An
 * existing file is never overwritten.
 *
 * @returns what the server must be told: the key id and the public key in Base 64
 * @throws VouchsafeError `conflict` when the file exists
 */
export async function createRunnerKey(file: string): Promise<{ keyId: string; publicKey: string }> {
  const pem = generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' }) as string
  const draft = `${file}.${process.pid}.new`
  try {
    const handle = await open(draft, 'wx', 0o600)
    try {
      await handle.writeFile(pem)
      await handle.sync()
    } finally {
      await handle.close()
    }
    // link refuses where rename would replace a key that is in use
    await link(draft, file)
  } catch (cause) {
    if (isVouchsafeError(cause)) throw cause
    const exists = (cause as NodeJS.ErrnoException).code === 'EEXIST'
    throw new VouchsafeError(exists ? 'conflict' : 'unavailable', exists ? `${file} exists already.` : `${file} cannot be written.`, { cause, mend: exists ? 'Name another file, or keep using this key.' : 'Look whether the folder is there and may be written to.' })
  } finally {
    await rm(draft, { force: true })
  }
  const { publicKey } = readSenderKey(pem)
  return { keyId: keyIdOf(publicKey), publicKey: toBase64(publicKey) }
}
