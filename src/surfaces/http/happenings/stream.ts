import type { Hono, Context } from 'hono'
import type { Clock } from '#core/clock'
import { VouchsafeError } from '#core/errors'
import type { Sender } from '../mount.ts'
import { EVERYTHING, mayHear } from './audience.ts'
import type { Feed } from './feed.ts'
import type { Told } from './store.ts'

/** Proxies cut a connection that says nothing for a minute. */
const HEARTBEAT_MS = 25_000
/** Consoles of one person that are open at a time; a browser opens at most six connections to a host anyway. */
const MOST_OF_ONE = 20
const MOST_OF_ALL = 2_000

export interface StreamParts {
  clock: Clock
  feed: Feed
  /** As for every route, but without counting as a use of the session: an open console keeps nobody signed in. */
  identify(context: Context, at: Date): Promise<Sender>
}

/**
 * `GET /api/v1/events`: names of what changed, as it changes (Server-Sent Events, HTML §9.2). It is for persons with a
 * session and for the operator, says only what they may know of, and ends with the session: whoever is told about is asked
 * again who they are, and everybody is at each heartbeat.
 */
export function mountStream(app: Hono, { clock, feed, identify }: StreamParts): void {
  const open = new Map<string, number>()
  let all = 0
  app.get('/api/v1/events', async (context) => {
    let sender = await identify(context, clock.now())
    const { actor } = sender
    if (actor.kind === 'anyone') throw new VouchsafeError('not-signed-in', 'Nobody is signed in.', { mend: 'Sign in under /console.' })
    if (actor.kind !== 'operator' && (actor.kind !== 'person' || actor.by.kind !== 'session')) throw new VouchsafeError('not-allowed', 'This is for a person who has signed in with a session of their own.', { mend: 'Programs hear of changes by webhooks.' })
    const who = actor.kind === 'operator' ? 'operator' : actor.id
    if (all >= MOST_OF_ALL || (open.get(who) ?? 0) >= MOST_OF_ONE) throw new VouchsafeError('rate-limited', 'Too many consoles are open at the same time.', { retryAfterSeconds: 60 })
    all++
    open.set(who, (open.get(who) ?? 0) + 1)

    const waiting = new Set<string>()
    let end: () => void = () => {}
    const stream = new ReadableStream<Uint8Array>({
      start(controller) {
        const encoder = new TextEncoder()
        let over = false
        const write = (text: string): void => {
          if (!over) controller.enqueue(encoder.encode(text))
        }
        // Whoever does not read gets each name once, when they read again.
        const flush = (): void => {
          if (over || (controller.desiredSize ?? 0) < 0) return
          for (const name of waiting) write(`data: ${JSON.stringify({ name })}\n\n`)
          waiting.clear()
        }
        const check = async (): Promise<void> => {
          try {
            sender = await identify(context, clock.now())
            if (sender.actor.kind === 'anyone') end()
          } catch {
            end() // the session is over, or nobody can tell: the browser comes back and is asked
          }
        }
        const hear = (told: Told): void => {
          const concerned = actor.kind === 'person' && (told.about.includes(actor.id) || (actor.by.kind === 'session' && told.about.includes(actor.by.sessionId)))
          const say = (): void => {
            if (!over && mayHear(told, sender)) waiting.add(told.name)
            flush()
          }
          // What is said next rests on what they may now, not on what they might when the console was opened.
          if (concerned || told.name.startsWith('role.') || told.name.startsWith('membership.') || told.name === EVERYTHING.name) void check().then(say)
          else say()
        }
        const leave = feed.join({ hear, end: () => end() })
        const beat = setInterval(() => {
          write(': \n\n')
          void check().then(flush)
        }, HEARTBEAT_MS)
        end = () => {
          if (over) return
          over = true
          clearInterval(beat)
          leave()
          all--
          const left = (open.get(who) ?? 1) - 1
          if (left > 0) open.set(who, left)
          else open.delete(who)
          try {
            controller.close()
          } catch {
            // the reader has gone
          }
        }
        context.req.raw.signal.addEventListener('abort', () => end(), { once: true })
        write('retry: 2000\n\n')
      },
      cancel: () => end(),
    })
    return new Response(stream, { headers: { 'content-type': 'text/event-stream; charset=utf-8', 'cache-control': 'no-store', 'x-accel-buffering': 'no' } })
  })
}
