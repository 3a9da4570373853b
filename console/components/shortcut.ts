import { useEffect, useEffectEvent, useSyncExternalStore } from 'react'

/** What one or two keys do on this screen: `j`, or `g p` for one after the other. */
export interface Shortcut {
  keys: string
  title: string
  run: () => void
}

/** Something the palette offers. */
export interface Command {
  title: string
  /** Words it is also found by. */
  also?: string
  keys?: string
  /** After the places, where nothing has been typed: what is there on every screen. */
  always?: true
  run: () => void
}

class Registry<T> {
  #entries: readonly (readonly T[])[] = []
  #listeners = new Set<() => void>()
  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }
  readonly all = (): readonly (readonly T[])[] => this.#entries
  add(entry: readonly T[]): () => void {
    this.#set([...this.#entries, entry])
    return () => this.#set(this.#entries.filter((other) => other !== entry))
  }
  #set(entries: readonly (readonly T[])[]): void {
    this.#entries = entries
    for (const listener of this.#listeners) listener()
  }
}

const shortcuts = new Registry<Shortcut>()
const commands = new Registry<Command>()

/** Adds shortcuts for as long as the component is shown. */
export function useShortcuts(given: readonly Shortcut[]): void {
  useRegistered(shortcuts, given)
}

/** Adds commands to the palette for as long as the component is shown. */
export function useCommands(given: readonly Command[]): void {
  useRegistered(commands, given)
}

// Registered once for each set of titles; what they do is looked up when they are run, so that it is never stale.
function useRegistered<T extends { title: string; run: () => void }>(registry: Registry<T>, given: readonly T[]): void {
  const run = useEffectEvent((at: number) => given[at]?.run())
  const bound = useEffectEvent(() => given.map((one, at) => ({ ...one, run: () => run(at) })))
  const titles = given.map((one) => one.title).join('\n')
  useEffect(() => registry.add(bound()), [registry, titles])
}

export const useAllShortcuts = (): readonly Shortcut[] => useSyncExternalStore(shortcuts.subscribe, shortcuts.all).flat()
export const useAllCommands = (): readonly Command[] => useSyncExternalStore(commands.subscribe, commands.all).flat()

const OFF = 'vouchsafe.single-keys'

/** Whether single keys do anything: some people speak their input, and would set them off (WCAG 2.2 SC 2.1.4). */
export function singleKeys(): boolean {
  try {
    return localStorage.getItem(OFF) !== 'off'
  } catch {
    return true
  }
}

export function setSingleKeys(on: boolean): void {
  try {
    if (on) localStorage.removeItem(OFF)
    else localStorage.setItem(OFF, 'off')
  } catch {
    // No storage in this browser: they stay as they are.
  }
}

const SEQUENCE_MS = 1000 // between the two keys of a sequence

/** Listens for shortcuts; once in the page. */
export function listenForShortcuts(): () => void {
  let first = ''
  let at = 0
  const onKey = (event: KeyboardEvent): void => {
    if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || event.isComposing || !singleKeys()) return
    const target = event.target instanceof Element ? event.target : null
    if (target?.closest('input:not([type=checkbox],[type=radio]),textarea,select,[contenteditable],dialog') || document.querySelector('dialog:modal')) return
    const now = performance.now()
    const sequence = now - at < SEQUENCE_MS && first !== '' ? `${first} ${event.key}` : event.key
    const known = shortcuts.all().flat()
    // The newest first: a screen's own key comes before the frame's.
    const found = known.findLast((shortcut) => shortcut.keys === sequence) ?? known.findLast((shortcut) => shortcut.keys === event.key)
    if (found) {
      event.preventDefault()
      first = ''
      found.run()
      return
    }
    first = known.some((shortcut) => shortcut.keys.startsWith(`${event.key} `)) ? event.key : ''
    at = now
  }
  document.addEventListener('keydown', onKey)
  return () => document.removeEventListener('keydown', onKey)
}
