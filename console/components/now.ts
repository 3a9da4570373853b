import { useSyncExternalStore } from 'react'

const TICK_MS = 30_000 // what is shown is told in minutes

let now = new Date()
let timer: ReturnType<typeof setInterval> | undefined
const listeners = new Set<() => void>()

const subscribe = (listener: () => void): (() => void) => {
  listeners.add(listener)
  timer ??= setInterval(() => {
    now = new Date()
    for (const told of listeners) told()
  }, TICK_MS)
  return () => {
    listeners.delete(listener)
    if (listeners.size > 0) return
    clearInterval(timer)
    timer = undefined
  }
}

const read = (): Date => {
  // Nobody listened for a while: what is kept is old.
  if (timer === undefined && Date.now() - now.getTime() > TICK_MS) now = new Date()
  return now
}

/** The time of now, as far as words like "4 min ago" need it. */
export const useNow = (): Date => useSyncExternalStore(subscribe, read)
