import { afterEach, describe, expect, it, vi } from 'vitest'
import { VouchsafeError } from '#core/errors'
import type { Check, CheckResult, CheckRun } from './contract.ts'
import { runIsolated } from './isolation.ts'

const at = new Date('2026-03-01T10:00:00Z')
const good: CheckResult = { verdict: 'holds', summary: 'fine', targets: [{ target: 'a', verdict: 'holds', summary: 'fine' }], declared: 1, evidence: { seen: 1 } }
const checkThat = (run: (run: CheckRun) => Promise<CheckResult>): Check => ({ definition: {} as Check['definition'], targets: async () => ['a'], run })
const run = (work: (run: CheckRun) => Promise<CheckResult>) => runIsolated(checkThat(work), { at, attempt: 1, timeLimitSeconds: 30 })

describe('a run in isolation', () => {
  afterEach(() => vi.useRealTimers())

  it('gives what the check told', async () => {
    expect(await run(async () => good)).toEqual({ ...good, ended: 'told' })
  })

  it('a check that hangs and ignores its signal is abandoned as unknown', async () => {
    vi.useFakeTimers()
    const pending = run(() => new Promise(() => undefined))
    await vi.advanceTimersByTimeAsync(31_000)
    expect(await pending).toMatchObject({ verdict: 'unknown', ended: 'abandoned', summary: expect.stringContaining('30 s') as string })
  })

  it('a check is not abandoned before its time limit', async () => {
    vi.useFakeTimers()
    const pending = run(async () => {
      await new Promise((resolve) => setTimeout(resolve, 29_900))
      return good
    })
    await vi.advanceTimersByTimeAsync(29_950)
    expect((await pending).verdict).toBe('holds')
  })

  it('a check told to stop may still say what fails, but never that all holds', async () => {
    vi.useFakeTimers()
    const untilStopped = (verdict: 'holds' | 'fails') =>
      run(async ({ signal }) => {
        await new Promise((resolve) => signal.addEventListener('abort', resolve))
        return { ...good, verdict, targets: good.targets.map((target) => ({ ...target, verdict })) }
      })
    const both = Promise.all([untilStopped('holds'), untilStopped('fails')])
    await vi.advanceTimersByTimeAsync(31_000)
    expect((await both).map(({ verdict, ended }) => [verdict, ended])).toEqual([['unknown', 'abandoned'], ['fails', 'abandoned']])
  })

  it('a check that throws, at once or later, is unknown with what to mend', async () => {
    const thrown = new VouchsafeError('unreachable', 'No answer.', { mend: 'Look at the cable.' })
    expect(await run(async () => Promise.reject(thrown))).toMatchObject({ verdict: 'unknown', ended: 'threw', summary: 'The run failed: No answer. Look at the cable.' })
    expect(
      await run(() => {
        throw new Error('at once')
      }),
    ).toMatchObject({ verdict: 'unknown', ended: 'threw' })
  })

  it.each<[string, unknown]>([
    ['nothing', undefined],
    ['a verdict of its own', { ...good, verdict: 'fine' }],
    ['a summary that is none', { ...good, summary: 3 }],
    ['holds for fewer targets than declared', { ...good, declared: 2 }],
    ['holds over a target that fails', { ...good, targets: [{ target: 'a', verdict: 'fails', summary: '' }] }],
    ['evidence without a canonical form', { ...good, evidence: { fraction: 0.5 } }],
    ['evidence beyond the limit', { ...good, evidence: { big: 'x'.repeat(5_000_000) } }],
  ])('a result with %s is unknown', async (_name, result) => {
    expect(await run(async () => result as CheckResult)).toMatchObject({ verdict: 'unknown', ended: 'malformed' })
  })

  it('a summary stays one line', async () => {
    expect((await run(async () => ({ ...good, summary: 'fine\n2026 FORGED\u001b[31m line' }))).summary).toBe('fine 2026 FORGED [31m line')
  })
})
