import { formatVkey, parseVkey, toHex, type Hex } from '@vouchsafe/verify'
import type { Actor, Change, OrganisationDatabase } from '#core/database'
import { VouchsafeError } from '#core/errors'
import type { Log } from '#core/log'
import { insertWitness, instantOf, issue, listWitnesses, type StatementSigner, type StatementTables, type WitnessRecord } from '#core/statement'

/** The log as the API and the pages show it. */
export interface LogFace {
  status(): Promise<LogStatus>
  /** The indices of leaves that are in the log by now. */
  indexOf(leafIds: readonly string[]): Promise<ReadonlyMap<string, number>>
  /** Asks a witness from now on; the log says so in public. */
  addWitness(actor: Actor, witness: WitnessRecord): Promise<void>
  /** @throws VouchsafeError `not-found` */
  removeWitness(actor: Actor, vkey: string): Promise<void>
}

export interface LogStatus {
  origin: string
  size: number
  /** Empty before the first checkpoint. */
  root: Hex
  vkey: string
  since: string
  witnesses: { name: string; vkey: string; url: string; operator: 'own' | 'other'; lastAt: string | null }[]
}

export function createLogFace(log: Log, db: OrganisationDatabase, signer: StatementSigner): LogFace {
  const changeWitness = async (actor: Actor, action: 'added' | 'removed', witness: WitnessRecord): Promise<void> => {
    const vkey = formatVkey(parseVkey(witness.vkey))
    const change = { action, vkey, operator: witness.operator, at: instantOf(db.clock.now()) }
    const issued = await issue(signer, 'witness-change', [{ name: 'log', sha256: toHex(log.identity.publicKey) }], change)
    await db.change({ actor, action: `witness.${action}`, subject: { kind: 'witness', id: vkey } }, (tx: Change<StatementTables>) => insertWitness(tx, change, witness, issued))
  }
  return {
    async status() {
      const { number, origin, startedAt } = log.identity
      const [size, head, witnesses] = await Promise.all([log.size(), log.store.head(number), listWitnesses(db)])
      const lines = head ? await log.store.cosignatures(number, (await log.store.cosignedSize(number)) ?? head.size) : []
      return {
        origin,
        size,
        root: head ? toHex(head.root) : '',
        vkey: log.vkey,
        since: startedAt.toISOString(),
        witnesses: witnesses.map((witness) => {
          const { name } = parseVkey(witness.vkey)
          const line = lines.find((candidate) => candidate.name === name)
          return { name, vkey: witness.vkey, url: witness.url, operator: witness.operator, lastAt: line?.cosignedAt.toISOString() ?? null }
        }),
      }
    },
    async indexOf(leafIds) {
      const rows = await log.store.entriesOf(log.identity.number, leafIds)
      return new Map(rows.map((row) => [row.leafId, row.index]))
    },
    addWitness: (actor, witness) => changeWitness(actor, 'added', witness),
    async removeWitness(actor, vkey) {
      const found = (await listWitnesses(db)).find((witness) => witness.vkey === vkey)
      if (!found) throw new VouchsafeError('not-found', 'No such witness is asked.', { mend: 'See `vouchsafe log status` for those that are.' })
      await changeWitness(actor, 'removed', found)
    },
  }
}
