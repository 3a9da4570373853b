import type { CheckEngine, CheckId, RunOutcome } from '#core/check'

/** Something long that somebody asked for and that goes on now, on this node. */
export interface Task {
  /** `run`: one check. `dry-run`: all checks of a draft. */
  kind: 'run' | 'dry-run'
  /** The check, or `slug@number`. */
  what: string
  since: Date
  done: number
  of: number
}

/** What goes on now. It is told by its own name, so that a console that looks on need not ask again and again. */
export class UnderWay {
  readonly #tasks = new Set<Task>()
  readonly #changed: () => void
  constructor(changed: () => void) {
    this.#changed = changed
  }

  get tasks(): readonly Task[] {
    return [...this.#tasks]
  }

  /** Runs some work as a task; `step` counts one part of it as done. */
  async during<T>(task: Pick<Task, 'kind' | 'what' | 'since' | 'of'>, work: (step: () => void, size: (of: number) => void) => Promise<T>): Promise<T> {
    const own: Task = { ...task, done: 0 }
    this.#tasks.add(own)
    this.#changed()
    try {
      return await work(
        () => {
          own.done++
          this.#changed()
        },
        (of) => {
          own.of = of
        },
      )
    } finally {
      this.#tasks.delete(own)
      this.#changed()
    }
  }
}

/** An engine whose observations are counted: for a dry run, which makes many. */
export const counted = (engine: CheckEngine, step: () => void): Pick<CheckEngine, 'checks' | 'observe'> => ({
  get checks() {
    return engine.checks
  },
  observe: (id: CheckId): Promise<RunOutcome> => engine.observe(id).finally(step),
})
