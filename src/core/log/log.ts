import { formatVkey, sameBytes, toHex, utf8, type Signer, type SignedCheckpoint, type TlogProof, type VerifierKey } from '@vouchsafe/verify'
import type { Clock } from '#core/clock'
import type { OrganisationDatabase, PendingLeaf } from '#core/database'
import { VouchsafeError } from '#core/errors'
import { Cosigning, type AskedWitness } from './cosigning.ts'
import { remembered, type Guard } from './guard.ts'
import type { LogObjects } from './objects.ts'
import { genesisLeaf, logKeyOf, newOrigin, newOrganisationId, organisationOf } from './origin.ts'
import type { Post } from './post.ts'
import { bestCheckpoint, proofFor, receiptFor } from './receipt.ts'
import { rewriteTiles } from './recovery.ts'
import { Sequencer } from './sequencer.ts'
import { LogServing, type LogResponse } from './serving.ts'
import { LogStore, type LogIdentity } from './store.ts'
import { askTimestamp, type Timestamp, type TimestampAuthority } from './timestamp.ts'

export interface LogParts {
  database: OrganisationDatabase
  /** The key that signs checkpoints, and nothing else. */
  signer: Signer
  /** The key that signs statements; named in the first entry. Needed where a log is begun. */
  statementSigner: Signer
  /** Gives the store under a prefix, which is another one for each log. */
  objects: (prefix: string) => LogObjects
  /** Where the highest checkpoint is remembered; at least one should lie outside the data folder. */
  guards: readonly Guard[]
  clock: Clock
  report: (problem: string) => void
  /** Only for the first start: the organisation's id, when it has one already. */
  organisation?: string
}

// Cosignatures are asked for within seconds of each new entry; a quarter of an hour without one is silence.
const SILENT_AFTER_MS = 15 * 60_000

/** The log of one organisation, open. */
export class Log {
  readonly identity: LogIdentity
  readonly key: VerifierKey
  readonly store: LogStore
  readonly objects: LogObjects
  readonly #parts: LogParts
  readonly #sequencer: Sequencer
  readonly #serving: LogServing

  private constructor(parts: LogParts, identity: LogIdentity, store: LogStore, objects: LogObjects, sequencer: Sequencer) {
    this.#parts = parts
    this.identity = identity
    this.key = logKeyOf(identity.origin, identity.publicKey)
    this.store = store
    this.objects = objects
    this.#sequencer = sequencer
    this.#serving = new LogServing({ store, log: identity, objects, report: parts.report })
  }

  /**
   * Opens the organisation's log, begins it at the first start, and finishes what a crash left half done.
   * @throws VouchsafeError `refused` when more was signed before than the data holds, or another key is given;
   *   `corrupt` when stored bytes do not lead to what was signed
   */
  static async open(parts: LogParts): Promise<Log> {
    const store = new LogStore(parts.database.app)
    let identity = await store.active()
    if (!identity) {
      const origin = newOrigin(parts.organisation ?? newOrganisationId(), false)
      identity = await begin(parts, store, 1, origin)
    }
    if (!sameBytes(identity.publicKey, parts.signer.publicKey))
      throw new VouchsafeError('refused', `The log ${identity.origin} is signed by another key than the one in the key ring.`, {
        mend: 'Put the key ring back that belongs to this database. If the key is lost, `vouchsafe log succeed` begins a successor.',
      })
    await refuseSucceeded(parts.guards, identity.origin)
    const objects = parts.objects(prefixOf(identity))
    const { database, signer, guards, clock, report } = parts
    const sequencer = await Sequencer.start({ database, store, log: identity, signer, objects, guards, clock, report })
    return new Log(parts, identity, store, objects, sequencer)
  }

  get origin(): string {
    return this.identity.origin
  }

  get vkey(): string {
    return formatVkey(this.key)
  }

  /** Why the log signs no more; undefined while all is well. */
  get halted(): VouchsafeError | undefined {
    return this.#sequencer.halted
  }

  /** Hands in a leaf outside of any change; gives its index once a signed checkpoint covers it. */
  append(leaf: PendingLeaf): Promise<number> {
    return this.#sequencer.append(leaf)
  }

  /** Resolves when the leaf is durable, before it has an index. */
  submit(leaf: PendingLeaf): Promise<void> {
    return this.#sequencer.submit(leaf)
  }

  /** The index of a leaf that a change has handed in, once a signed checkpoint covers it. */
  settled(leafId: string): Promise<number> {
    return this.#sequencer.settled(leafId)
  }

  /** The log's signed promise to include a leaf that is durable. */
  receiptFor(leaf: Uint8Array): Promise<string> {
    return receiptFor(leaf, this.identity, this.#parts.signer, this.#parts.clock.now())
  }

  /** The offline proof of an entry, under the newest cosigned checkpoint that covers it. */
  proofFor(index: number): Promise<TlogProof> {
    return proofFor(index, this.store, this.identity, this.objects)
  }

  /**
   * The newest cosigned checkpoint while its cosignature is fresh, else the newest: a witness that went silent must not
   * freeze what readers get. `not-found` before the first.
   * @param atLeast entries that it must cover
   */
  async checkpoint(atLeast = 1): Promise<SignedCheckpoint> {
    const { number } = this.identity
    const published = await this.size()
    const cosigned = await this.store.cosignedSize(number)
    if (cosigned !== undefined && cosigned >= atLeast && cosigned < published) {
      const lines = await this.store.cosignatures(number, cosigned)
      const newest = Math.max(...lines.map((line) => line.cosignedAt.getTime()))
      if (this.#parts.clock.now().getTime() - newest > SILENT_AFTER_MS) return bestCheckpoint(this.store, this.identity, published)
    }
    return bestCheckpoint(this.store, this.identity, atLeast)
  }

  size(): Promise<number> {
    return this.store.publishedSize(this.identity.number)
  }

  /** Answers GET /log/<path>. */
  answer(path: string): Promise<LogResponse> {
    return this.#serving.answer(path)
  }

  /** The rounds in which witnesses are asked for cosignatures. */
  cosigning(witnesses: readonly AskedWitness[], post: Post): Cosigning {
    return new Cosigning({ store: this.store, log: this.identity, objects: this.objects, witnesses, post, report: this.#parts.report })
  }

  /** Has an authority timestamp the newest checkpoint as the log signed it, and keeps the token. */
  async stamp(authority: TimestampAuthority, post: Post): Promise<Timestamp> {
    const size = await this.size()
    const row = await this.store.checkpointAt(this.identity.number, size)
    if (!row) throw new VouchsafeError('not-found', 'The log has no checkpoint yet.', { mend: 'Ask again in a second.' })
    const stamp = await askTimestamp(utf8(row.note), authority, post)
    await this.store.addTimestamp(this.identity.number, size, authority.name, stamp.token, stamp.at)
    return stamp
  }

  /** Computes every tile from the database and writes those that differ. @throws VouchsafeError `corrupt` */
  async repair(): Promise<void> {
    await rewriteTiles(this.store, this.identity, this.objects, await this.size())
  }

  /** Finishes the batch at hand; what is pending stays pending. */
  stop(): Promise<void> {
    return this.#sequencer.stop()
  }
}

/**
 * Begins a successor where a log may sign no more: its data was rolled back, or its key is lost. The first entry of
 * the new log names the last thing known of the old one. Open the log afterwards.
 * @param reason one line, public for ever
 * @throws VouchsafeError `not-found` when there is no log yet
 */
export async function succeed(parts: LogParts, reason: string): Promise<{ origin: string; predecessor: { origin: string; size: number; root: string; reason: string } }> {
  const store = new LogStore(parts.database.app)
  const old = await store.active()
  if (!old) throw new VouchsafeError('not-found', 'There is no log that could be succeeded.', { mend: 'Start the server once; it begins the log.' })
  const head = await store.head(old.number)
  const known = await remembered(parts.guards, logKeyOf(old.origin, old.publicKey)).catch(() => undefined)
  const last = known && known.checkpoint.size > (head?.size ?? 0) ? known.checkpoint : head
  if (!last) throw new VouchsafeError('not-found', 'The log has signed nothing yet, so there is nothing to succeed.', { mend: 'Start the server once.' })
  const organisation = organisationOf(old.origin)
  if (!organisation) throw new VouchsafeError('internal', `${old.origin} is no origin of ours.`)
  const predecessor = { origin: old.origin, size: last.size, root: toHex(last.root), reason }
  const origin = newOrigin(organisation, true)
  await begin(parts, store, old.number + 1, origin, predecessor)
  // A backup of before this moment must not make the old log speak again.
  await Promise.all(parts.guards.map((guard) => guard.write(successionOf(old.origin), utf8(`${origin}\n`))))
  return { origin, predecessor }
}

// By origin, not by number: a store that outlives a restored database may hold the tiles of another number 2.
const prefixOf = (log: LogIdentity): string => `log/${log.origin.slice(log.origin.lastIndexOf('/') + 1)}/`
const successionOf = (origin: string): string => `${origin}#successor`

async function begin(parts: LogParts, store: LogStore, number: number, origin: string, predecessor?: { origin: string; size: number; root: string; reason: string }): Promise<LogIdentity> {
  const at = parts.clock.now()
  const organisation = organisationOf(origin)
  if (!organisation) throw new VouchsafeError('bad-input', `"${origin}" is not made of an organisation's id.`, { mend: 'An organisation id has 32 lower-case hexadecimal digits.' })
  const genesis = await genesisLeaf({ organisation, origin, ...(predecessor ? { predecessor } : {}), at }, parts.statementSigner)
  const identity: LogIdentity = { number, origin, publicKey: parts.signer.publicKey, startedAt: at }
  await store.begin(identity, genesis)
  await parts.objects(prefixOf(identity)).put('vkey', utf8(`${formatVkey(logKeyOf(origin, parts.signer.publicKey))}\n`))
  return identity
}

async function refuseSucceeded(guards: readonly Guard[], origin: string): Promise<void> {
  for (const guard of guards) {
    const successor = await guard.read(successionOf(origin))
    if (!successor) continue
    throw new VouchsafeError('refused', `The log ${origin} was succeeded by ${Buffer.from(successor).toString('utf8').trim()} (noted in ${guard.place}), which this copy of the data does not know.`, {
      mend: 'Put back a copy of the data that holds the successor, or run `vouchsafe log succeed` again.',
    })
  }
}
