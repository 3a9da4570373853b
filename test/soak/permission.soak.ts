import { expect, it } from 'vitest'
import { seeded } from '../../src/core/permission/cases.trial.ts'
import { compareWithCedar, nothingCompared } from '../../src/core/permission/cedar.trial.ts'
import { rounds } from './scale.ts'

/** Random questions, 50 to a random set of rules; some 0.3 ms each, nearly all of it Cedar's. */
const CASES = rounds(1_000_000)

it(`of ${CASES} random questions that Cedar answers without errors, all are answered the same`, () => {
  const all = nothingCompared()
  let told = 0
  for (let seed = 1_000_001; all.compared < CASES; seed++) {
    compareWithCedar(seeded(seed), 50, all)
    expect(all.differences).toEqual([])
    if (all.compared - told >= CASES / 20) console.log(`  ${(told = all.compared)} compared`)
  }
  console.log(`${all.compared} compared, ${all.allowed} allowed, ${all.withErrors} more set aside because Cedar met an error`)
  // Both answers come up often enough to mean something.
  expect(all.allowed).toBeGreaterThan(all.compared / 20)
})
