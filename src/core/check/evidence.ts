import { canonicalBytes, parseCanonical, fromBase64, toBase64, type Envelope, type Json } from '@vouchsafe/verify'
import { VouchsafeError } from '#core/errors'
import type { KeyId, KeyRing } from '#core/keys'

/** What is kept of one run beside its private leaf: the signed evidence, its salt, and every field's disclosure. */
export interface KeptEvidence {
  envelope: Envelope
  salt: Uint8Array
  disclosures: readonly string[]
}

/** Where a kept body lies, and which key of the ring opens it. */
export interface EvidenceAddress {
  object: string
  key: string
}

/** Keeps evidence bodies encrypted, each under a key of its own, so that destroying the key erases the body everywhere. */
export interface EvidenceVault {
  keep(runId: string, evidence: KeptEvidence): Promise<EvidenceAddress>
  /** @throws VouchsafeError `not-found` once erased */
  open(address: EvidenceAddress): Promise<KeptEvidence>
  erase(address: EvidenceAddress): Promise<void>
}

/** The parts of the key ring and of the object store that a vault needs. */
export interface VaultParts {
  ring: {
    create(purpose: string): Promise<string>
    encrypt(key: string, runId: string, bytes: Uint8Array): Promise<Uint8Array>
    decrypt(key: string, runId: string, bytes: Uint8Array): Promise<Uint8Array>
    destroy(key: string): Promise<void>
  }
  objects: {
    put(name: string, bytes: Uint8Array): Promise<void>
    get(name: string): Promise<Uint8Array | undefined>
    delete(name: string): Promise<void>
  }
}

/** A vault's use of the key ring: every body under a key of its own, bound to the run that it belongs to. */
export function evidenceRing(keys: KeyRing): VaultParts['ring'] {
  const place = (runId: string) => ({ table: 'evidence', column: 'body', row: runId, version: 1 })
  return {
    create: (purpose) => keys.create(purpose),
    encrypt: (key, runId, bytes) => keys.encrypt(key as KeyId, place(runId), bytes),
    decrypt: (key, runId, bytes) => keys.decrypt(key as KeyId, place(runId), bytes),
    destroy: (key) => keys.destroy(key as KeyId),
  }
}

export function createVault({ ring, objects }: VaultParts): EvidenceVault {
  // The run is bound in as associated data, so that a body moved to another run's place does not open.
  const runOf = (object: string): string => object.slice(object.lastIndexOf('/') + 1)
  return {
    async keep(runId, evidence) {
      const object = `evidence/${runId.slice(0, 8)}/${runId}`
      const key = await ring.create('evidence')
      const bytes = canonicalBytes({ envelope: evidence.envelope, salt: toBase64(evidence.salt), disclosures: evidence.disclosures })
      await objects.put(object, await ring.encrypt(key, runOf(object), bytes))
      return { object, key }
    },
    async open({ object, key }) {
      const bytes = await objects.get(object)
      if (!bytes) throw new VouchsafeError('not-found', 'This evidence is not kept any more; its commitment stays in the log.')
      const body = parseCanonical(await ring.decrypt(key, runOf(object), bytes)) as Record<string, Json>
      return { envelope: body['envelope'] as unknown as Envelope, salt: fromBase64(body['salt'] as string), disclosures: body['disclosures'] as string[] }
    },
    async erase({ object, key }) {
      // The key first: from here on the body is unreadable in every copy and backup.
      await ring.destroy(key)
      await objects.delete(object)
    },
  }
}
