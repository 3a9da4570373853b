const SECOND = 1000
const MINUTE = 60 * SECOND
const HOUR = 60 * MINUTE
export const DAY_MS = 24 * HOUR

/** Pauses after the first, second, … failed try of a webhook: ten tries over three days and three hours, as Standard Webhooks suggests. */
export const WEBHOOK_PAUSES_MS: readonly number[] = [5 * SECOND, 5 * MINUTE, 30 * MINUTE, 2 * HOUR, 5 * HOUR, 10 * HOUR, 14 * HOUR, 20 * HOUR, 24 * HOUR]

/** The same for letters: a mail server that defers (greylisting, RFC 6647 §2) is asked again soon, then every two hours. */
const LETTER_PAUSES_MS: readonly number[] = [MINUTE, 5 * MINUTE, 15 * MINUTE, HOUR, 2 * HOUR]
/** RFC 5321 §4.5.4.1: four to five days at least for a relay; the sender of a link that works for a week need not wait longer than this. */
export const LETTER_LIVES_MS = 3 * DAY_MS

/** How much a pause varies to both sides: what failed together must not come back together. */
const JITTER = 0.2

/** A pause made shorter or longer by up to a fifth. @param random 0 ≤ random < 1 */
export const jittered = (pauseMs: number, random: number): number => Math.round(pauseMs * (1 - JITTER + 2 * JITTER * random))

/**
 * When a webhook is tried again after so many failures; undefined when it has been tried often enough.
 * @param retryAfterSeconds what a 429 or 503 asks for (RFC 9110 §10.2.3); it makes the pause longer, up to a day, never shorter
 */
export function webhookPauseMs(failures: number, random: number, retryAfterSeconds?: number): number | undefined {
  const pause = WEBHOOK_PAUSES_MS[failures - 1]
  if (pause === undefined) return undefined
  return Math.max(jittered(pause, random), Math.min((retryAfterSeconds ?? 0) * SECOND, DAY_MS))
}

export const letterPauseMs = (failures: number, random: number): number => jittered(LETTER_PAUSES_MS[Math.min(failures, LETTER_PAUSES_MS.length) - 1] ?? MINUTE, random)

/** While the mail server is down, one letter tries it this often; the others wait. */
export const DOWN_PAUSE_MS = MINUTE
