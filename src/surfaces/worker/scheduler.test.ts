import { afterEach, describe, expect, test } from 'vitest'
import { ManualClock } from '#core/clock'
import { Scheduler, type SchedulerParts } from './scheduler.ts'

const AT = new Date('2026-03-02T12:00:00Z')
let scheduler: Scheduler | undefined
afterEach(() => scheduler?.stop())

function bench(over: { due?: string[]; runDue?: (id: string) => Promise<unknown>; watch?: () => Promise<void> } = {}) {
  const said = { ran: [] as string[], queued: [] as string[][], settled: 0, watched: 0, problems: [] as string[] }
  const parts = {
    db: {
      change: async (_record: unknown, work: (tx: unknown) => Promise<void>) => {
        const jobs: string[] = []
        await work({ job: async (name: string, payload: { check: string }, options: { key: string }) => void jobs.push(`${name} ${payload.check} ${options.key}`) })
        said.queued.push(jobs)
      },
    },
    engine: { due: async () => over.due ?? [], runDue: async (id: string) => (said.ran.push(id), over.runDue?.(id)) },
    clock: new ManualClock(AT),
    settle: async (at: Date) => void (expect(at).toEqual(AT), said.settled++),
    watch: async () => (said.watched++, over.watch?.()),
    report: (problem: string) => void said.problems.push(problem),
  }
  scheduler = new Scheduler(parts as unknown as SchedulerParts)
  return { said, scheduler }
}
const until = async (is: () => boolean): Promise<void> => {
  while (!is()) await new Promise((resolve) => setTimeout(resolve, 1))
}

describe('the first round', () => {
  test('runs everything that is due once, tells of each, and lets the page follow', async () => {
    const { said, scheduler } = bench({ due: ['a', 'b', 'c'] })
    const told: [number, number, string][] = []
    await scheduler.firstRound((...args) => void told.push(args), 2)
    expect(said.ran.toSorted()).toEqual(['a', 'b', 'c'])
    expect(told.map(([done, of]) => [done, of])).toEqual([[1, 3], [2, 3], [3, 3]])
    expect(said.settled).toBe(1)
  })

  test('never runs more side by side than it may', async () => {
    let now = 0
    let most = 0
    const { scheduler } = bench({
      due: Array.from({ length: 9 }, (_, i) => `check-${i}`),
      async runDue() {
        most = Math.max(most, ++now)
        await new Promise((resolve) => setTimeout(resolve, 2))
        now--
      },
    })
    await scheduler.firstRound(() => {}, 3)
    expect(most).toBe(3)
  })

  test('goes on after a check that throws, and reports it', async () => {
    const { said, scheduler } = bench({ due: ['bad', 'good'], runDue: async (id) => (id === 'bad' ? Promise.reject(new Error('no disk')) : undefined) })
    await scheduler.firstRound(() => {}, 1)
    expect(said).toMatchObject({ ran: ['bad', 'good'], problems: ['check bad: no disk'], settled: 1 })
  })

  test('begins no further check once it is abandoned', async () => {
    const { said, scheduler } = bench({ due: ['a', 'b', 'c'], runDue: async () => scheduler.abandon() })
    await scheduler.firstRound(() => {}, 1)
    expect(said.ran).toEqual(['a'])
  })
})

describe('each look', () => {
  test('queues one job for each check that is due, under a key that a second look would take again', async () => {
    const { said, scheduler } = bench({ due: ['a', 'b'] })
    scheduler.start()
    await until(() => said.watched > 0)
    expect(said.queued).toEqual([['check.run a check:a', 'check.run b check:b']])
  })

  test('with nothing due lets the page follow time alone', async () => {
    const { said, scheduler } = bench()
    scheduler.start()
    await until(() => said.watched > 0)
    expect(said).toMatchObject({ settled: 1, queued: [] })
  })

  test('that fails is reported, and the next one comes', async () => {
    const { said, scheduler } = bench({ watch: async () => Promise.reject(new Error('the database is away')) })
    scheduler.start()
    await until(() => said.problems.length > 0)
    expect(said.problems).toEqual(['scheduler: the database is away'])
    await scheduler.stop()
  })
})

test('the job runs its check and lets the page follow', async () => {
  const { said, scheduler } = bench()
  await scheduler.handlers['check.run']({ payload: { check: 'a' } } as never)
  expect(said).toMatchObject({ ran: ['a'], settled: 1 })
})

describe('a stop', () => {
  test('waits for no run that hangs: its slot is left for the next start', async () => {
    const { said, scheduler } = bench({ due: ['silent host'], runDue: () => new Promise(() => {}) })
    const round = scheduler.firstRound(() => {}, 1)
    await until(() => said.ran.length === 1)
    scheduler.abandon()
    await round
    expect(said.problems).toEqual([expect.stringContaining('left for the next start')])
  })
})
