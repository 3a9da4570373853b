import type { Generated } from 'kysely'
import type { Change, OrganisationDatabase } from '#core/database'
import { migrationsBeside, type MigrationSet } from '#core/database'
import type { Attestation, AttestationEnd, Hex, KeyChange, WitnessChange } from '@vouchsafe/verify'
import type { Issued } from './issue.ts'

export const statementMigrations: MigrationSet = { schema: 'statement', folder: migrationsBeside(import.meta.url) }

export type StatementTables = {
  'statement.key': {
    key_id: string
    action: string
    purpose: string
    public_key: string
    holder: string
    role: string
    leaf_id: string
    at: Date
    rp_id: string | null
  }
  'statement.attestation': {
    digest: string
    claim_id: string | null
    control_id: string | null
    sentence: string | null
    statement: string
    role: string
    from_at: Date
    until_at: Date
    key_id: string
    leaf_id: string
    created_at: Generated<Date>
  }
  'statement.witness': { vkey: string; action: 'added' | 'removed'; url: string; operator: 'own' | 'other'; observer_vkey: string | null; leaf_id: string; at: Date }
  'statement.attestation_end': { attestation: string; reason: string; leaf_id: string; at: Date }
}

export interface KeyRecord {
  keyId: string
  purpose: KeyChange['purpose']
  publicKey: Hex
  holder: string
  role: string
  leafId: string
  /** Of a passkey: the host that it was made for; `publicKey` is a COSE_Key then. */
  rpId?: string
  revokedAt?: Date
}

/** Every key ever added, newest last, with the moment it stopped to count. */
export async function listKeys(db: Pick<OrganisationDatabase, 'app'>): Promise<KeyRecord[]> {
  return recordsOf(await db.app.withTables<StatementTables>().selectFrom('statement.key').selectAll().orderBy('at').execute())
}

/** The keys of one holder that count, as the caller's change sees them. */
export async function countingKeysOf(tx: Change<StatementTables>, holder: string): Promise<KeyRecord[]> {
  const rows = await tx.db.selectFrom('statement.key').selectAll().where('holder', '=', holder).orderBy('at').execute()
  return recordsOf(rows).filter(({ revokedAt }) => revokedAt === undefined)
}

const recordsOf = (rows: readonly StatementTables['statement.key'][]): KeyRecord[] =>
  rows
    .filter((row) => row.action === 'added')
    .map((row) => {
      const revoked = rows.find((other) => other.action === 'revoked' && other.key_id === row.key_id && other.purpose === row.purpose)
      return {
        keyId: row.key_id,
        purpose: row.purpose as KeyChange['purpose'],
        publicKey: row.public_key,
        holder: row.holder,
        role: row.role,
        leafId: row.leaf_id,
        ...(row.rp_id === null ? {} : { rpId: row.rp_id }),
        ...(revoked ? { revokedAt: revoked.at } : {}),
      }
    })

export async function insertKey(tx: Change<StatementTables>, keyId: string, change: KeyChange, issued: Issued): Promise<void> {
  await tx.db
    .insertInto('statement.key')
    .values({
      key_id: keyId,
      action: change.action,
      purpose: change.purpose,
      public_key: change.key,
      holder: change.holder,
      role: change.role,
      leaf_id: issued.leaf.id,
      at: new Date(change.at),
      rp_id: change.rpId ?? null,
    })
    .execute()
  await tx.logLeaf(issued.leaf)
}

export interface AttestationRecord {
  digest: Hex
  claim?: string
  control?: string
  sentence?: Hex
  statement: string
  role: string
  from: Date
  until: Date
  keyId: string
  leafId: string
  endedAt?: Date
}

export async function insertAttestation(tx: Change<StatementTables>, attestation: Attestation, keyId: string, issued: Issued): Promise<void> {
  await tx.db
    .insertInto('statement.attestation')
    .values({
      digest: issued.digest,
      claim_id: attestation.claim ?? null,
      control_id: attestation.control ?? null,
      sentence: attestation.sentence ?? null,
      statement: attestation.statement,
      role: attestation.role,
      from_at: new Date(attestation.from),
      until_at: new Date(attestation.until),
      key_id: keyId,
      leaf_id: issued.leaf.id,
      created_at: tx.at,
    })
    .execute()
  await tx.logLeaf(issued.leaf)
}

export async function insertAttestationEnd(tx: Change<StatementTables>, end: AttestationEnd, issued: Issued): Promise<void> {
  await tx.db.insertInto('statement.attestation_end').values({ attestation: end.attestation, reason: end.reason, leaf_id: issued.leaf.id, at: new Date(end.at) }).execute()
  await tx.logLeaf(issued.leaf)
}

/** All attestations, oldest first. */
export async function listAttestations(db: Pick<OrganisationDatabase, 'app'>): Promise<AttestationRecord[]> {
  const rows = await db.app
    .withTables<StatementTables>()
    .selectFrom('statement.attestation as a')
    .leftJoin('statement.attestation_end as e', 'e.attestation', 'a.digest')
    .selectAll('a')
    .select('e.at as ended_at')
    .orderBy('a.created_at')
    .execute()
  return rows.map((row) => ({
    digest: row.digest,
    ...(row.claim_id === null ? {} : { claim: row.claim_id }),
    ...(row.control_id === null ? {} : { control: row.control_id }),
    ...(row.sentence === null ? {} : { sentence: row.sentence }),
    statement: row.statement,
    role: row.role,
    from: row.from_at,
    until: row.until_at,
    keyId: row.key_id,
    leafId: row.leaf_id,
    ...(row.ended_at === null ? {} : { endedAt: row.ended_at }),
  }))
}

export interface WitnessRecord {
  vkey: string
  url: string
  operator: 'own' | 'other'
  observerVkey?: string
}

/** The witnesses that are asked now: for each key, the last that was said of it. */
export async function listWitnesses(db: OrganisationDatabase): Promise<WitnessRecord[]> {
  const rows = await db.app.withTables<StatementTables>().selectFrom('statement.witness').selectAll().orderBy('at').execute()
  const last = new Map(rows.map((row) => [row.vkey, row]))
  return [...last.values()].filter((row) => row.action === 'added').map(({ vkey, url, operator, observer_vkey }) => ({ vkey, url, operator, ...(observer_vkey === null ? {} : { observerVkey: observer_vkey }) }))
}

export async function insertWitness(tx: Change<StatementTables>, change: WitnessChange, witness: Pick<WitnessRecord, 'url' | 'observerVkey'>, issued: Issued): Promise<void> {
  await tx.db
    .insertInto('statement.witness')
    .values({ vkey: change.vkey, action: change.action, url: witness.url, operator: change.operator, observer_vkey: witness.observerVkey ?? null, leaf_id: issued.leaf.id, at: new Date(change.at) })
    .execute()
  await tx.logLeaf(issued.leaf)
}

/** Leaves that every bundle may need: keys, witnesses, attestations and their ends. */
export async function statementLeaves(db: OrganisationDatabase): Promise<string[]> {
  const tables = ['statement.key', 'statement.witness', 'statement.attestation', 'statement.attestation_end'] as const
  const found = await Promise.all(tables.map((table) => db.app.withTables<StatementTables>().selectFrom(table).select('leaf_id').execute()))
  return found.flat().map((row) => row.leaf_id)
}
