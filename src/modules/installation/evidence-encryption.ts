import { randomBytes } from 'node:crypto'
import { brotliDecompressSync, gunzipSync, inflateRawSync, inflateSync } from 'node:zlib'
import { toBase64, toHex, utf8, type Envelope } from '@vouchsafe/verify'
import { latestRuns, type Check, type EvidenceAddress, type KeptEvidence } from '#core/check'
import { isVouchsafeError } from '#core/errors'
import { uuid7 } from '#core/database'
import type { InstallationParts } from './parts.ts'
import { fails, holds, HOUR, selfCheck, unknown, type Sight } from './self-check.ts'

/** How many of the newest stored bodies are read back at each run. */
const NEWEST = 20

export function evidenceEncryptionCheck({ organisation, vault, clock }: InstallationParts): Check {
  return selfCheck(
    {
      noun: 'evidence-encryption',
      title: 'Evidence is encrypted where it is stored',
      controls: ['encryption-at-rest', 'data-confidential'],
      method:
        'Puts a marked body through the vault and reads the raw bytes back from the object store: the marker must not be in them, plain, encoded or compressed; altered bytes, and the body of one run put in the place of another, must not open. Reads the newest stored bodies raw as well.',
      cadenceSeconds: HOUR,
      revision: 1,
      allHold: () => `a marked body was unreadable in the store and would not open altered or moved; up to ${NEWEST} stored bodies were ciphertext too`,
    },
    {
      targets: () => ['a marked body', 'stored bodies'],
      look: (target) => (target === 'a marked body' ? withBodies(vault, () => uuid7(clock.now()), judgeMarked) : judgeStored()),
    },
  )

  async function judgeMarked({ first, second, marker }: MarkedBodies): Promise<Sight> {
    const { objects } = organisation
    const raw = await objects.get(first.object)
    if (!raw) return unknown('the object store does not give back what was put')
    const form = revealed(raw, marker)
    if (form !== undefined) return fails(`the marker stands ${form} in the stored bytes; evidence is not encrypted`, { form })
    if (!(await opens(vault.open(first)))) return fails('the vault does not open what it kept')
    const altered = Buffer.from(raw)
    altered[altered.length >> 1]! ^= 1
    await objects.put(first.object, altered)
    if (await opens(vault.open(first))) return fails('a body with one bit altered still opened')
    await objects.put(first.object, raw)
    await objects.put(second.object, raw)
    // Under the first body's own key: only the place that is bound in can refuse it.
    if (await opens(vault.open({ object: second.object, key: first.key }))) return fails('a body moved to the place of another run still opened')
    return holds('the marker was not in the stored bytes; altered and moved bodies did not open', { storedBytes: raw.length })
  }

  async function judgeStored(): Promise<Sight> {
    const kept = (await latestRuns(organisation.database)).flatMap((run) => (run.evidence ? [run.evidence] : [])).slice(0, NEWEST)
    for (const { object } of kept) {
      const raw = await organisation.objects.get(object)
      if (raw && looksPlain(raw)) return fails(`the body ${object} is stored in the clear; find out what wrote it`, { object })
    }
    return kept.length === 0 ? holds('no evidence is stored yet') : holds(`${kept.length} stored bodies are ciphertext`, { bodies: kept.length })
  }

  async function opens(opening: Promise<KeptEvidence>): Promise<boolean> {
    return opening.then(
      () => true,
      (error: unknown) => {
        if (isVouchsafeError(error, 'corrupt')) return false
        throw error // the store is away: that is not a refusal
      },
    )
  }
}

export interface MarkedBodies {
  first: EvidenceAddress
  second: EvidenceAddress
  marker: string
}

/** Keeps two bodies that hold a marker, hands them on, and erases them whatever happens. */
export async function withBodies<T>(vault: InstallationParts['vault'], newId: () => string, use: (bodies: MarkedBodies) => Promise<T>): Promise<T> {
  const marker = `marker-${toHex(randomBytes(24))}`
  const envelope: Envelope = { payload: toBase64(utf8(marker.repeat(20))), payloadType: 'text/plain', signatures: [] }
  const evidence: KeptEvidence = { envelope, salt: randomBytes(32), disclosures: [marker.repeat(20)] }
  const first = await vault.keep(newId(), evidence)
  const second = await vault.keep(newId(), evidence)
  try {
    return await use({ first, second, marker })
  } finally {
    await vault.erase(first)
    await vault.erase(second)
  }
}

/** In which form a text can be read in stored bytes; undefined when in none of those tried. */
export function revealed(raw: Uint8Array, marker: string): string | undefined {
  const forms: readonly [string, Buffer][] = [
    ['in the clear', Buffer.from(marker)],
    ['as UTF-16', Buffer.from(marker, 'utf16le')],
    ['in hexadecimal', Buffer.from(Buffer.from(marker).toString('hex'))],
    // Base64 of a text within others depends on where it begins: what is left when three bytes more or less come before.
    ...[0, 1, 2].map((shift): [string, Buffer] => ['in base64', Buffer.from(Buffer.from(marker).subarray(shift).toString('base64').slice(0, 24))]),
  ]
  for (const [form, bytes] of forms) if (Buffer.from(raw).includes(bytes)) return form
  for (const unpack of [gunzipSync, inflateSync, inflateRawSync, brotliDecompressSync]) {
    for (const start of [0, 1]) {
      try {
        if (revealed(unpack(raw.subarray(start), { maxOutputLength: 10_000_000 }), marker) !== undefined) return 'compressed'
      } catch {
        // not of that form
      }
    }
  }
  return undefined
}

/** Whether bytes are a text or a known container. Ciphertext has no such shape: 64 random bytes are all printable once in 10^26. */
export function looksPlain(raw: Uint8Array): boolean {
  const head = raw.subarray(0, 64)
  const printable = head.length >= 16 && head.every((byte) => byte === 9 || byte === 10 || byte === 13 || (byte >= 32 && byte < 127))
  const gzip = head[0] === 0x1f && head[1] === 0x8b
  const zstd = head[0] === 0x28 && head[1] === 0xb5 && head[2] === 0x2f && head[3] === 0xfd
  return printable || gzip || zstd
}
