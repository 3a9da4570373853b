import { randomBytes } from 'node:crypto'
import {
  commitmentOf,
  encodeLeaf,
  encodeStatement,
  envelopeBytes,
  sha256,
  sealEnvelope,
  SIGNATURE_TYPE,
  toHex,
  utf8,
  verifierKey,
  type Genesis,
  type Signer,
  type VerifierKey,
} from '@vouchsafe/verify'
import type { Instant } from '#core/clock'
import type { PendingLeaf } from '#core/database'

/** 32 hexadecimal digits, random: what the organisation is called in its log. */
export const newOrganisationId = (): string => randomBytes(16).toString('hex')

/**
 * A log's origin is made of the organisation's random id and of no address, so that it outlives every host name.
 * A successor gets eight random bytes more: a number would come twice when a backup of before the last succession is restored.
 */
export function newOrigin(organisation: string, successor: boolean): string {
  return `vouchsafe.log/${organisation}${successor ? `/${randomBytes(8).toString('hex')}` : ''}`
}

/** The key that a log's checkpoints verify by; its name is the origin. */
export const logKeyOf = (origin: string, publicKey: Uint8Array): VerifierKey => verifierKey(origin, SIGNATURE_TYPE.ed25519, publicKey)

/** The first leaf of a log, signed by the statement key that it names. */
export async function genesisLeaf(
  genesis: { organisation: string; origin: string; predecessor?: NonNullable<Genesis['predecessor']>; at: Instant },
  statementSigner: Signer,
): Promise<Required<PendingLeaf>> {
  const predicate: Genesis = {
    organisation: genesis.organisation,
    origin: genesis.origin,
    statementKey: toHex(statementSigner.publicKey),
    ...(genesis.predecessor ? { predecessor: genesis.predecessor } : {}),
    at: new Date(Math.floor(genesis.at.getTime() / 1000) * 1000).toISOString().replace('.000Z', 'Z'),
  }
  const subject = [{ name: `log:${genesis.origin}`, digest: { sha256: toHex(sha256(utf8(genesis.origin))) } }]
  const envelope = envelopeBytes(await sealEnvelope(encodeStatement({ kind: 'genesis', subject, predicate }), statementSigner))
  const salt = randomBytes(32)
  const id = randomBytes(16)
  return { id: leafIdOf(id), class: 1, leaf: encodeLeaf({ class: 'public', id, commitment: commitmentOf(salt, envelope) }), envelope, salt }
}

/** 16 bytes in the grouping that PostgreSQL's uuid type reads. */
function leafIdOf(id: Uint8Array): string {
  return toHex(id).replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5')
}

/** The organisation's id out of an origin of ours. */
export const organisationOf = (origin: string): string | undefined => /^vouchsafe\.log\/([0-9a-f]{32})(?:\/[0-9a-f]{16})?$/.exec(origin)?.[1]

