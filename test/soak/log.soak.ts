import { expect, it } from 'vitest'
import { trial } from '../../src/core/log/crash.trial.ts'
import { rounds } from './scale.ts'

/** About a second each. */
const KILLS = rounds(3000)

it(`of ${KILLS} kills at every step of the log's commit, none loses a leaf, doubles one or forks the tree`, async () => {
  const result = await trial({ kills: KILLS, report: (line) => console.log(`  ${line}`) })
  console.log(`${result.kills} kills, ${result.acknowledged} leaves acknowledged, ${result.entries} in the log`)
  expect(result.kills).toBe(KILLS)
  expect(result.entries).toBeGreaterThanOrEqual(result.acknowledged)
})
