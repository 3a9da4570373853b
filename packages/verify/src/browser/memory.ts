import type { LogMemory } from '../verification/trust.ts'

const PREFIX = 'vouchsafe/log/'

/** What this browser remembers of a log. Storage may be off, full or spoilt: then it is a first visit. */
export function recall(origin: string): LogMemory | undefined {
  try {
    const stored = JSON.parse(localStorage.getItem(PREFIX + origin) ?? 'null') as Partial<LogMemory> | null
    const { size, root, vkey, firstSeenAt, seenAt } = stored ?? {}
    const whole = stored?.origin === origin && Number.isSafeInteger(size) && typeof root === 'string' && typeof vkey === 'string' && Number.isFinite(firstSeenAt) && Number.isFinite(seenAt)
    return whole ? (stored as LogMemory) : undefined
  } catch {
    return undefined
  }
}

export function keep(memory: LogMemory): void {
  try {
    localStorage.setItem(PREFIX + memory.origin, JSON.stringify(memory))
    localStorage.setItem(`${PREFIX}here`, memory.origin)
  } catch {
    // Not remembered: the next visit says "first visit", and is not greener for it.
  }
}

/** The origin of the log that this site showed last. */
export function shownHere(): string | undefined {
  try {
    return localStorage.getItem(`${PREFIX}here`) ?? undefined
  } catch {
    return undefined
  }
}
