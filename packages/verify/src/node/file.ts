import { open } from 'node:fs/promises'
import { textOf } from '../bytes.ts'
import { VerifyError } from '../errors.ts'
import type { WitnessPolicy } from '../log/witness-policy.ts'
import { parseCheckpoint } from '../log/checkpoint.ts'
import { parseProof } from '../log/proof.ts'
import { verifyBytes, verifySteps, type Verification } from '../verify.ts'
import { MAX_BUNDLE_BYTES, readBundle } from '../verification/container.ts'
import type { ProvenClaim } from '../verification/page.ts'
import { isProof, isReceipt } from '../verification/receipt.ts'
import { defaultMemoryFolder, MemoryFolder } from './memory.ts'

export interface FileOptions {
  at: number
  vkey?: string
  policy?: WitnessPolicy
  memory?: string | false
  /** For a proof: the entry it is about, as served at `/log/entry/<n>`. */
  entry?: string
  /** For a page: the bundles of its claims. */
  claims?: readonly string[]
}

/**
 * Verifies a file: a bundle, a proof or a receipt. Files are never remembered: they may be old.
 * @throws VerifyError `unreachable` for a file that cannot be read, `too-large`
 */
export async function verifyFile(path: string, options: FileOptions): Promise<Verification['report']> {
  const bytes = await readBounded(path)
  const origin = originOf(bytes)
  const remembered = origin === undefined ? undefined : await new MemoryFolder(options.memory === false ? undefined : (options.memory ?? defaultMemoryFolder())).log(origin)
  const trust = { at: options.at, ...(options.vkey === undefined ? {} : { vkey: options.vkey }), ...(options.policy ? { policy: options.policy } : {}), memory: (asked: string) => (asked === origin ? remembered : undefined) }
  const claims: ProvenClaim[] = []
  for (const file of options.claims ?? []) {
    const steps = verifySteps(await readBounded(file), trust)
    for (let next = steps.next(); ; next = steps.next()) {
      if (!next.done) continue
      const { bundle, proven } = next.value
      if (bundle?.type === 'vouchsafe/claim-bundle/v1' && proven) claims.push({ claim: bundle.claim, proven })
      break
    }
  }
  const entry = options.entry === undefined ? undefined : await readBounded(options.entry)
  return verifyBytes(bytes, { ...trust, claims, ...(entry ? { entry } : {}) })
}

/** Which log's memory to ask for; what cannot be read says so later. */
function originOf(bytes: Uint8Array): string | undefined {
  try {
    if (isReceipt(bytes)) return textOf(bytes).split('\n')[1]
    return isProof(bytes) ? parseProof(bytes).checkpoint.origin : parseCheckpoint(readBundle(bytes).checkpoint).origin
  } catch {
    return undefined
  }
}

export async function readBounded(path: string, maxBytes = MAX_BUNDLE_BYTES): Promise<Uint8Array> {
  try {
    const file = await open(path, 'r')
    try {
      const { size } = await file.stat()
      if (size > maxBytes) throw new VerifyError('too-large', `${path} has more than ${maxBytes} bytes`)
      // No more than that, even where the size is not known beforehand (a pipe, a device).
      const buffer = Buffer.alloc(Math.max(size + 1, 65_536))
      const parts: Buffer[] = []
      let length = 0
      for (;;) {
        const { bytesRead } = await file.read(buffer, 0, buffer.length, null)
        if (bytesRead === 0) break
        length += bytesRead
        if (length > maxBytes) throw new VerifyError('too-large', `${path} has more than ${maxBytes} bytes`)
        parts.push(Buffer.from(buffer.subarray(0, bytesRead)))
      }
      return Uint8Array.from(Buffer.concat(parts))
    } finally {
      await file.close()
    }
  } catch (cause) {
    if (cause instanceof VerifyError) throw cause
    throw new VerifyError('unreachable', `${path} cannot be read: ${(cause as Error).message}`, { cause })
  }
}
