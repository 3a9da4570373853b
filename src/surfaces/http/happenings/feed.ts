import type { OrganisationDatabase } from '#core/database'
import type { Reaction } from '#core/module'
import { EVERYTHING, idsIn } from './audience.ts'
import { hear, tellNow, tellWith, type Told } from './store.ts'

interface Listener {
  hear(told: Told): void
  end(): void
}

/** What happens on any node, told to whoever has joined on this one. */
export interface Feed {
  /** @returns what leaves again */
  join(listener: Listener): () => void
  /** Tells of what no module's event tells: that records of this type changed. It never fails. */
  changed(record: string): void
  /** Ends every stream, and the connection. */
  stop(): Promise<void>
}

/** Every event of every module is told with its own transaction. */
export const tellingReaction: Reaction = { to: '*', react: ({ name, payload }, tx) => tellWith(tx, { name, about: idsIn(payload) }) }

export function startFeed(db: OrganisationDatabase, report: (problem: string) => void): Feed {
  const listeners = new Set<Listener>()
  const tell = (told: Told): void => {
    for (const listener of listeners) listener.hear(told)
  }
  const stop = hear(db, { heard: tell, missed: () => tell(EVERYTHING), report })
  return {
    join(listener) {
      listeners.add(listener)
      return () => void listeners.delete(listener)
    },
    changed: (record) => void tellNow(db, { name: `${record}.changed`, about: [] }).catch(() => {}),
    async stop() {
      for (const listener of listeners) listener.end()
      await stop()
    },
  }
}
