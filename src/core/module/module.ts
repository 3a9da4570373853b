import type { Check } from '#core/check'
import type { Contract, EventOf } from './contract.ts'
import type { Reaction } from './events.ts'
import type { Route } from './route.ts'

/** A promise with a clock, in the module's own events (core/obligation counts it). */
export type ObligationDeclaration<C extends Contract> = ObligationFor<EventOf<C>>

interface ObligationFor<Event extends string> {
  readonly id: string
  /** The words that promise it, or the law: 'GDPR Art. 33(1)'. */
  readonly source: string
  readonly startedBy: Event
  readonly metBy: Event
  readonly cancelledBy?: Event
  /** In the form that core/obligation reads: '3 business days', '72 hours', 'until date'. */
  readonly within: string
}

/** Its part of the public site: a link in the navigation and what is behind it. */
export interface Section {
  readonly title: string
  readonly href: string
}

/** What a module is, assembled: nothing is found by looking into folders. */
export interface Module<C extends Contract = Contract> {
  readonly contract: C
  /** Folder of its migrations; absent when it keeps nothing. */
  readonly migrations?: URL
  readonly routes: readonly Route<C>[]
  readonly checks: readonly Check[]
  readonly obligations: readonly ObligationDeclaration<C>[]
  readonly reactions: readonly Reaction[]
  readonly sections: readonly Section[]
}
