import { createPrivateKey, createPublicKey } from 'node:crypto'
import { readdir, readFile, stat } from 'node:fs/promises'
import { join, relative } from 'node:path'
import { sameBytes } from '@vouchsafe/verify'
import type { Check } from '#core/check'
import { lockFileOf } from '#core/database'
import { fileModesBelow } from './file-mode.ts'
import type { InstallationParts } from './parts.ts'
import { fails, holds, HOUR, MINUTE, selfCheck, unknown, type Sight } from './self-check.ts'

/** DER of an Ed25519 private key up to its 32-byte seed (RFC 8410 §7). */
const PKCS8 = Buffer.from('302e020100300506032b657004220420', 'hex')
/** Files beyond this are no key files: the longest private keys in PEM have some 13 KB. */
const LARGEST_KEY_FILE = 64 * 1024

export function signingKeysCheck({ organisation, dataFolder, log }: InstallationParts): Check {
  const ring = join(dataFolder, 'keys', organisation.id)
  return selfCheck(
    {
      noun: 'signing-keys',
      title: 'Private keys exist wrapped, and nowhere else',
      controls: ['key-management', 'secrets-managed'],
      method: "Tries to use what the key ring's files hold as the private key to the public key beside it: it must not fit, because it is wrapped by the root key. Looks through the small files of the data folder for private keys in the clear.",
      cadenceSeconds: 6 * HOUR,
      timeLimitSeconds: 5 * MINUTE,
      revision: 1,
    },
    {
      targets: () => ['key ring', 'data folder'],
      look: (target) => (target === 'key ring' ? lookAtRing() : lookAtFiles()),
    },
  )

  async function lookAtRing(): Promise<Sight> {
    const names = (await readdir(ring).catch(() => [])).filter((name) => /^signing-.*\.json$/.test(name))
    if (names.length === 0) return unknown('the key ring has no signing keys in files')
    let signsLog = false
    for (const name of names) {
      const file = JSON.parse(await readFile(join(ring, name), 'utf8')) as { wrapped: string; publicKey?: string }
      const publicKey = Buffer.from(file.publicKey ?? '', 'base64url')
      signsLog ||= sameBytes(publicKey, log.identity.publicKey)
      if (opensWithoutRoot(Buffer.from(file.wrapped, 'base64'), publicKey)) return fails(`${name} holds its private key in the clear; rotate that key, and the copies that were made of it`, { file: name })
    }
    if (!signsLog) return fails("the key that signs the log is not in the key ring; put the ring back that belongs to this database")
    return holds(`${names.length} signing keys are wrapped, the key of the log among them`, { keys: names.length })
  }

  async function lookAtFiles(): Promise<Sight> {
    let looked = 0
    for (const { path, kind } of await fileModesBelow(dataFolder)) {
      // Reading the lock file would give up the lock: a second server could start on this folder.
      if (kind !== 'file' || path.includes('/cluster/') || path === lockFileOf(dataFolder)) continue
      const sizeBytes = (await stat(path).catch(() => undefined))?.size
      if (sizeBytes === undefined || sizeBytes > LARGEST_KEY_FILE) continue
      looked++
      if (/-----BEGIN (?:[A-Z]+ )?PRIVATE KEY-----|-----BEGIN PGP PRIVATE KEY BLOCK-----|AGE-SECRET-KEY-1/.test(await readFile(path, 'latin1').catch(() => ''))) {
        return fails(`${relative(dataFolder, path)} holds a private key in the clear; move it away and rotate it`, { file: relative(dataFolder, path) })
      }
    }
    return holds(`no private key in the clear among ${looked} small files`, { files: looked })
  }
}

/** Whether any 32 bytes of what is stored are the seed of the public key. */
export function opensWithoutRoot(stored: Uint8Array, publicKey: Uint8Array): boolean {
  for (let from = 0; from + 32 <= stored.length; from++) {
    const key = createPrivateKey({ key: Buffer.concat([PKCS8, stored.subarray(from, from + 32)]), format: 'der', type: 'pkcs8' })
    if (sameBytes(createPublicKey(key).export({ format: 'der', type: 'spki' }).subarray(-32), publicKey)) return true
  }
  return false
}
