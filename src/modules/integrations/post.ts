import { uuid7, type Actor, type Change, type OrganisationDatabase } from '#core/database'
import { isVouchsafeError, VouchsafeError } from '#core/errors'
import type { Job } from '#core/jobs'
import type { Events } from '#core/module'
import { integrations } from './contract.ts'
import { openedForm, paceOf, readLetter, sealedForm, type Letter, type LetterText } from './letter.ts'
import { openMailServer } from './mail-server.ts'
import { DAY_MS, DOWN_PAUSE_MS, LETTER_LIVES_MS, letterPauseMs, jittered } from './retry.ts'
import { lettersOf, type Sealing } from './sealing.ts'
import { handOver, type Handed } from './smtp.ts'
import { claimLetter, findLetter, hastenLetters, insertLetter, lettersTo, lockLetter, mailSetting, mailState, outside, putMailState, updateLetter, within, type Queries, type StoredLetter } from './store.ts'
import type { Tidying } from './tidying.ts'

/** Letters that leave with a change. The interface that siblings are handed. */
export interface Mail {
  /**
   * Queues a letter in the caller's change: it goes if that happens, and not otherwise. What it says is sealed until it has
   * gone, and then erased; neither a job nor a log holds it.
   * @throws VouchsafeError `bad-input` for an address, a subject or a text that cannot be a letter
   */
  send(tx: Change<never>, letter: Letter): Promise<void>
  /** Whether there is a mail server to go through; it may be down. */
  isReady(): Promise<boolean>
}

export const LETTER_JOB = 'integrations.letter'
const SYSTEM: Actor = { kind: 'system', name: 'post' }
/** Longer than any conversation with a mail server: see the limits in smtp.ts. */
const CLAIM_MS = 5 * 60_000
/** While the server is down, one letter tries it. The others are called when it answers, and look by themselves this often. */
const WAITS_FOR_SERVER_MS = 30 * 60_000

interface Worthless {
  kind: 'worthless'
  problem: string
}

export interface PostParts {
  db: OrganisationDatabase
  events: Events
  sealing: Sealing
  tidying: Pick<Tidying, 'plan'>
  random: () => number
}

export type Post = ReturnType<typeof createPost>

export function createPost({ db, events, sealing, tidying, random }: PostParts) {
  const q = outside(db.app)

  async function queue(tx: Change<never>, id: string, runAt: Date): Promise<void> {
    await tx.job(LETTER_JOB, { letter: id }, { runAt, key: `${LETTER_JOB}:${id}`, maxAttempts: 25 })
  }

  async function again(id: string, at: Date): Promise<void> {
    await db.change({ actor: SYSTEM, action: 'letter.wait', subject: { kind: 'letter', id } }, (tx: Change<never>) => queue(tx, id, at))
  }

  /** @returns id of the letter */
  async function enqueue(tx: Change<never>, letter: Letter): Promise<string> {
    const { recipient, said } = readLetter(letter)
    const before = await lettersTo(within(tx), recipient, new Date(tx.at.getTime() - 3_600_000), new Date(tx.at.getTime() - DAY_MS))
    const pace = paceOf(before)
    const id = uuid7(tx.at)
    const kept = pace.kind === 'dropped' ? undefined : await sealing.seal(tx, lettersOf(tx.at), 'letter', id, sealedForm(said))
    const row: StoredLetter = {
      id,
      kind: letter.kind ?? 'letter',
      recipient,
      state: pace.kind === 'dropped' ? 'dropped' : 'waiting',
      problem: pace.kind === 'dropped' ? 'too many letters to this address in one day' : pace.kind === 'later' ? 'held back: many letters to this address within an hour' : null,
      attempts: 0,
      next_at: new Date(tx.at.getTime() + (pace.kind === 'later' ? pace.byMs : 0)),
      trying_until: null,
      not_after: letter.notAfter ?? null,
      created_at: tx.at,
      ended_at: pace.kind === 'dropped' ? tx.at : null,
      sealed: kept?.bytes ?? null,
      key_id: kept?.keyId ?? null,
    }
    await insertLetter(within(tx), row)
    if (row.state === 'waiting') await queue(tx, id, row.next_at)
    return id
  }

  const mail: Mail = {
    send: async (tx, letter) => void (await enqueue(tx, letter)),
    // Asked inside changes of others: by the reader's connections, which no change ever waits for.
    isReady: async () => (await mailSetting(outside(db.reader))) !== undefined,
  }

  /** One try of one letter. It bears being run twice: whoever comes second finds it claimed, or gone. */
  async function attempt({ payload: { letter: id } }: Pick<Job<{ letter: string }>, 'payload'>): Promise<void> {
    const at = db.clock.now()
    const state = await mailState(q)
    if (state.tryAt !== undefined && state.tryAt > at) return again(id, new Date(at.getTime() + jittered(WAITS_FOR_SERVER_MS, random())))
    const claimed = await claimLetter(q, id, at, new Date(at.getTime() + CLAIM_MS))
    if (claimed === undefined) {
      const waiting = await findLetter(q, id)
      if (waiting?.state === 'waiting') await again(id, new Date(Math.max(waiting.next_at.getTime(), waiting.trying_until?.getTime() ?? 0, at.getTime() + 1000)))
      return
    }
    await record(id, await tryOnce(claimed, at))
  }

  async function tryOnce(letter: StoredLetter, at: Date): Promise<Handed | Worthless> {
    if (letter.not_after !== null && letter.not_after <= at) return { kind: 'worthless', problem: 'it could not be sent while it was worth anything' }
    const server = await openMailServer(q, sealing)
    if (server === undefined) return { kind: 'down', problem: 'no mail server is set up' }
    const said = await opened(letter)
    return said === undefined ? { kind: 'worthless', problem: 'what it said has been erased' } : handOver(server, { id: letter.id, recipient: letter.recipient, createdAt: letter.created_at, said })
  }

  /** undefined for one that came back with a restored backup, whose key is destroyed. */
  async function opened({ id, sealed, key_id: keyId }: StoredLetter): Promise<LetterText | undefined> {
    if (sealed === null || keyId === null) return undefined
    try {
      return openedForm(await sealing.open('letter', id, { bytes: sealed, keyId }))
    } catch (error) {
      if (isVouchsafeError(error, 'not-found') || isVouchsafeError(error, 'corrupt')) return undefined
      throw error
    }
  }

  async function record(id: string, handed: Handed | Worthless): Promise<void> {
    await db.change({ actor: SYSTEM, action: `letter.${handed.kind === 'accepted' ? 'send' : 'try'}`, subject: { kind: 'letter', id }, detail: { outcome: handed.kind } }, async (tx: Change<never>) => {
      const letter = await lockLetter(within(tx), id)
      // Dropped by somebody while it was on its way.
      if (letter === undefined || letter.state !== 'waiting') return
      await tidying.plan(tx)
      const attempts = letter.attempts + 1
      const over = { trying_until: null, ended_at: tx.at, attempts }
      switch (handed.kind) {
        case 'accepted':
          await updateLetter(within(tx), id, { ...over, state: 'sent', problem: null, sealed: null, key_id: null })
          await serverAnswers(tx)
          return
        case 'worthless':
          await updateLetter(within(tx), id, { ...over, attempts: letter.attempts, state: 'dropped', problem: handed.problem, sealed: null, key_id: null })
          await events.happened(tx, integrations, 'letter.failed', { letter: id, kind: letter.kind })
          return
        case 'refused':
          await updateLetter(within(tx), id, { ...over, state: 'failed', problem: handed.problem })
          await events.happened(tx, integrations, 'letter.failed', { letter: id, kind: letter.kind })
          await serverAnswers(tx)
          return
        case 'deferred':
        case 'down': {
          if (tx.at.getTime() - letter.created_at.getTime() >= LETTER_LIVES_MS) {
            await updateLetter(within(tx), id, { ...over, state: 'failed', problem: handed.problem })
            await events.happened(tx, integrations, 'letter.failed', { letter: id, kind: letter.kind })
          } else {
            // What the server does to every letter is no fault of this one: it comes back as soon as the server does.
            const next = new Date(tx.at.getTime() + (handed.kind === 'down' ? DOWN_PAUSE_MS * (1 + random()) : letterPauseMs(attempts, random())))
            await updateLetter(within(tx), id, { trying_until: null, attempts, next_at: next, problem: handed.problem })
            await queue(tx, id, next)
          }
          if (handed.kind === 'down') await serverIsDown(tx, handed.problem)
          else await serverAnswers(tx)
        }
      }
    })
  }

  async function serverIsDown(tx: Change<never>, problem: string): Promise<void> {
    const { downSince = tx.at } = await mailState(within(tx))
    await putMailState(within(tx), { downSince, problem, tryAt: new Date(tx.at.getTime() + DOWN_PAUSE_MS) })
  }

  /** After a time without, everything that waited goes now. */
  async function serverAnswers(tx: Change<never>): Promise<void> {
    const { downSince } = await mailState(within(tx))
    if (downSince !== undefined) await hasten(tx)
  }

  /** The server counts as answering, until a letter finds otherwise. */
  async function hasten(tx: Change<never>): Promise<void> {
    await putMailState(within(tx), {})
    for (const id of await hastenLetters(within(tx), tx.at)) await queue(tx, id, tx.at)
  }

  async function probe(tx: Change<never>): Promise<void> {
    await putMailState(within(tx), { ...(await mailState(within(tx))), tryAt: tx.at })
  }

  return {
    mail,
    enqueue,
    attempt,
    hasten,

    /** Lets the next letter try the server, although it was down a moment ago. */
    probe,

    /** Has a letter tried now, one that had failed as well. @throws VouchsafeError `not-found`, `conflict` */
    async retry(tx: Change<never>, id: string): Promise<void> {
      const letter = await requireLetter(within(tx), id)
      if (letter.state !== 'waiting' && letter.state !== 'failed') throw gone(letter)
      // One that had its three days gets one more try.
      await updateLetter(within(tx), id, { state: 'waiting', next_at: tx.at, ended_at: null, problem: null })
      await probe(tx)
      await queue(tx, id, tx.at)
    },

    /** What it says is erased. @throws VouchsafeError `not-found`, `conflict` */
    async drop(tx: Change<never>, id: string): Promise<void> {
      const letter = await requireLetter(within(tx), id)
      if (letter.state === 'dropped') return
      if (letter.state === 'sent') throw gone(letter)
      await updateLetter(within(tx), id, { state: 'dropped', ended_at: tx.at, trying_until: null, problem: 'somebody dropped it', sealed: null, key_id: null })
    },
  }
}

async function requireLetter(q: Queries, id: string): Promise<StoredLetter> {
  const letter = await lockLetter(q, id)
  if (letter === undefined) throw new VouchsafeError('not-found', 'There is no such letter.')
  return letter
}

const gone = ({ state }: StoredLetter): VouchsafeError => new VouchsafeError('conflict', state === 'sent' ? 'This letter has gone already.' : 'This letter was dropped; what it said is erased.', { mend: 'Have whatever it was about done again.' })
