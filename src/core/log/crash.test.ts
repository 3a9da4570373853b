import { expect, it } from 'vitest'
import { MOMENTS, trial } from './crash.trial.ts'

// One round of every named moment; test/soak/log.soak.ts runs thousands.
it('after kill -9 at each step of the commit nothing acknowledged is lost, nothing is in twice, and no size has two roots', { timeout: 120_000 }, async () => {
  const result = await trial({ kills: MOMENTS.length })
  expect(result.kills).toBe(MOMENTS.length)
  expect(result.acknowledged).toBeGreaterThan(MOMENTS.length)
  expect(result.entries).toBeGreaterThan(result.acknowledged)
})
