import type { ComponentType } from 'react'
import type { Ask } from './api/access.ts'

/** One screen of the console: where it is, what it is called, and who is offered it. */
export interface Place {
  /** `/people/$id`: what begins with a dollar sign is a parameter. */
  path: string
  /** In the rail and in the palette. */
  title: string
  /** Loaded when somebody goes there. */
  screen: () => Promise<{ default: ComponentType }>
  /** Groups of the rail, in their order; left out, the place is reached from another. */
  rail?: 'spine' | 'people' | 'settings'
  /** In the palette as well; what has parameters never is. */
  hidden?: true
  /** Found in the palette by these words too. */
  also?: string
  /** `g p`: one key after the other. */
  keys?: string
  /** Left out: everybody who has signed in. It decides what is offered; the server decides what is done. */
  may?: Ask | readonly Ask[]
  /** For people who have not signed in: shown without the frame. */
  door?: true
}
