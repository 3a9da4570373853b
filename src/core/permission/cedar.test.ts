import { expect, it } from 'vitest'
import { seeded } from './cases.trial.ts'
import { compareWithCedar, nothingCompared } from './cedar.trial.ts'

it('decides as Cedar does on 2,000 random questions, wherever Cedar meets no error (a million in npm run soak)', () => {
  const all = nothingCompared()
  for (let seed = 1; all.compared < 2000; seed++) compareWithCedar(seeded(seed), 20, all)
  expect(all.differences).toEqual([])
  // It compares something: both answers come up, and errors are not the rule.
  expect(all.allowed).toBeGreaterThan(all.compared / 20)
  expect(all.withErrors).toBeLessThan(all.compared)
})
