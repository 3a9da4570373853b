import type { Change } from '#core/database'
import { VouchsafeError } from '#core/errors'
import type { Contract, EventOf, PayloadOf } from './contract.ts'

/** Something that happened, as it is told to whoever reacts. */
export interface Happening {
  /** Declared in the contract of one module, and unique among all of them: `person.deactivated`. */
  readonly name: string
  readonly payload: unknown
  readonly at: Date
}

/**
 * What a module does when something happened, in the same transaction: if it fails, the thing has not happened. What takes
 * time or leaves the database queues a job on `tx`.
 */
export interface Reaction {
  /** An event's name, or `*` for every event. */
  readonly to: string
  react(happening: Happening, tx: Change<never>): Promise<void>
}

/** A reaction to an event of one's own contract or of one that it needs; a misspelt name does not compile. */
export const reactionTo = <C extends Contract, E extends EventOf<C>>(_contract: C, event: E, react: (payload: PayloadOf<C, E>, tx: Change<never>, at: Date) => Promise<void>): Reaction => ({
  to: event,
  react: ({ payload, at }, tx) => react(payload as PayloadOf<C, E>, tx, at),
})

/** Tells reactions what happened. Modules get it before they are assembled, and it knows them all once they are. */
export class Events {
  #names = new Map<string, Contract>()
  #reactions: readonly Reaction[] = []

  /** @throws VouchsafeError `internal` for a name declared twice, or a reaction to one that nobody declares */
  connect(modules: readonly { contract: Contract; reactions: readonly Reaction[] }[]): void {
    const names = new Map<string, Contract>()
    for (const { contract } of modules) {
      for (const name of Object.keys(contract.events)) {
        const other = names.get(name)
        if (other) throw new VouchsafeError('internal', `The event ${name} is declared by ${other.id} and by ${contract.id}.`)
        names.set(name, contract)
      }
    }
    const reactions = modules.flatMap((module) => module.reactions)
    for (const { to } of reactions) if (to !== '*' && !names.has(to)) throw new VouchsafeError('internal', `A reaction waits for the event ${to}, which nobody declares.`)
    this.#names = names
    this.#reactions = reactions
  }

  /** Names of all events, for whoever subscribes to them from outside. */
  get names(): readonly string[] {
    return [...this.#names.keys()]
  }

  /** Says, in the transaction of the change, that it happened. The payload is checked against its declared shape. */
  async happened<Tables, C extends Contract, E extends EventOf<C>>(tx: Change<Tables>, contract: C, name: E, payload: PayloadOf<C, E>): Promise<void> {
    const happening: Happening = { name, payload: contract.events[name]?.parse(payload), at: tx.at }
    // Each reaction brings the types of its own tables; the transaction is the same.
    for (const { to, react } of this.#reactions) if (to === '*' || to === name) await react(happening, tx as unknown as Change<never>)
  }
}
