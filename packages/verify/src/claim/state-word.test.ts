import { readdirSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { expect, test } from 'vitest'
import { STATE_SIGNS, STATE_WORDS, STATES } from './state-word.ts'

test('each state has one word and one sign, and no two share theirs', () => {
  for (const one of [STATE_WORDS, STATE_SIGNS]) {
    expect(Object.keys(one).toSorted()).toEqual([...STATES].toSorted())
    expect(new Set(Object.values(one)).size).toBe(STATES.length)
  }
})

test('the words that differ from their states are written down here and nowhere else', () => {
  const own = Object.entries(STATE_WORDS).filter(([state, word]) => state !== word).map(([, word]) => `'${word}'`)
  expect(own.length).toBeGreaterThan(0)
  const root = resolve(import.meta.dirname, '../../../..')
  const files = ['src', 'packages/verify/src'].flatMap((folder) => readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' }).filter((name) => /\.tsx?$/.test(name) && !/\.(?:test|fixture|trial)\./.test(name)).map((name) => join(folder, name)))
  const found = files.filter((file) => own.some((word) => readFileSync(join(root, file), 'utf8').includes(word)))
  expect(found).toEqual(['packages/verify/src/claim/state-word.ts'])
})
