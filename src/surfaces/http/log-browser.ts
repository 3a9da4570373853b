import { decodeStatement, encodeProof, fromBase64, parseEnvelope, toBase64, type Statement } from '@vouchsafe/verify'
import { isVouchsafeError } from '#core/errors'
import { fsck, type FsckReport, type Log, type LogSource, type ServedEntry } from '#core/log'

/** One entry, as a list of them shows it. */
export interface BrowsedEntry {
  index: number
  class: 'public' | 'private'
  /** Of the statement; null where only its commitment is in the log, or where it is no statement of ours. */
  kind: string | null
  /** Names of what the statement is about: `claim:…`, `check:…`. */
  about: string[]
  /** The one thing that it says, in short. */
  says: string | null
  /** Of the envelope; 0 for what is private. */
  bytes: number
}

export interface OpenedEntry extends BrowsedEntry {
  /** Base64. */
  leaf: string
  statement: unknown
  /** The log's signed promise to include the leaf. */
  receipt: string
  /** As c2sp.org/tlog-proof; null while no checkpoint covers the entry. */
  proof: string | null
}

/** The log as people browse and audit it from inside. */
export interface LogBrowser {
  /** Newest first. `next` is the index that the page after it begins before. */
  entries(page: { before: number | undefined; limit: number; kind: string | undefined }): Promise<{ items: BrowsedEntry[]; next: number | undefined }>
  entry(index: number): Promise<OpenedEntry | undefined>
  /** The whole log, read as a stranger would read it. One at a time: whoever asks meanwhile gets the one under way. */
  audit(at: Date): Promise<FsckReport>
}

const BATCH = 256
/** Entries that one page looks through for those of a kind: a rare kind is paged through, not searched for in one go. */
const MOST_READ = 8 * BATCH

export function createLogBrowser(log: Log): LogBrowser {
  const { number } = log.identity
  let auditing: Promise<FsckReport> | undefined
  return {
    async entries({ before, limit, kind }) {
      const size = await log.size()
      let to = Math.min(before ?? size, size)
      const items: BrowsedEntry[] = []
      for (let read = 0; to > 0 && items.length < limit && read < MOST_READ; read += BATCH) {
        const from = Math.max(0, to - (kind === undefined ? limit : BATCH))
        const rows = await log.store.entries(number, from, to)
        for (const row of rows.toReversed()) {
          to = row.index
          const entry = browsed(row)
          if (kind === undefined || entry.kind === kind || entry.class === kind) items.push(entry)
          if (items.length === limit) break
        }
        if (rows.length === 0) to = from
      }
      return { items, next: to > 0 ? to : undefined }
    },
    async entry(index) {
      if (index >= (await log.size())) return undefined
      const [row] = await log.store.entries(number, index, index + 1)
      if (!row) return undefined
      const proof = await log.proofFor(index).then(
        (found) => new TextDecoder().decode(encodeProof(found)),
        (error: unknown) => {
          if (isVouchsafeError(error, 'not-found')) return null
          throw error
        },
      )
      return { ...browsed(row), leaf: toBase64(row.leaf), statement: statementOf(row) ?? null, receipt: await log.receiptFor(row.leaf), proof }
    },
    async audit(at) {
      auditing ??= fsck(ownSource(log), { vkey: log.vkey, at }).finally(() => (auditing = undefined))
      return auditing
    },
  }
}

/** What the log serves to strangers, without the way over the network. */
const ownSource = (log: Log): LogSource => ({
  place: log.origin,
  servesEntries: true,
  async get(key) {
    const { status, body } = await log.answer(key)
    return status === 200 ? body : undefined
  },
})

function browsed(row: ServedEntry): BrowsedEntry {
  const statement = statementOf(row)
  return { index: row.index, class: row.class === 1 ? 'public' : 'private', kind: statement?.kind ?? null, about: (statement?.subject ?? []).map(({ name }) => name), says: statement === undefined ? null : said(statement), bytes: row.envelope?.length ?? 0 }
}

function said(statement: Statement): string | null {
  switch (statement.kind) {
    case 'slot-result':
      return `slot ${statement.predicate.slot}: ${statement.predicate.verdict}`
    case 'page-snapshot':
      return `${statement.predicate.claims.length} claims, ${statement.predicate.status}`
    case 'closing':
      return statement.predicate.reason
    case 'attestation':
      return `${statement.predicate.role}, until ${statement.predicate.until}`
    case 'key-change':
      return `${statement.predicate.purpose} ${statement.predicate.action}`
    case 'witness-change':
      return statement.predicate.action
    default:
      return null
  }
}

function statementOf({ envelope }: ServedEntry): Statement | undefined {
  if (envelope === null) return undefined
  try {
    return decodeStatement(fromBase64(parseEnvelope(envelope).payload))
  } catch {
    return undefined // the genesis of a foreign log, or a defect that the audit names
  }
}
