import { expect, it } from 'vitest'
import { rank } from './rank.ts'

const places = ['Today', 'People', 'Groups', 'Security settings', 'Sign out', 'See the public page']
const found = (typed: string): string[] => rank(places, typed, (place) => place)

it('nothing typed leaves everything in its order', () => expect(found('  ')).toEqual(places))
it('a place is found by the beginning of each of its words, in any order', () => {
  expect(found('sett sec')).toEqual(['Security settings'])
  expect(found('PUB')).toEqual(['See the public page'])
})
it('what begins with the words comes before what holds them', () => expect(found('p')).toEqual(['People', 'See the public page']))
it('a word that is nowhere finds nothing', () => expect(found('people elsewhere')).toEqual([]))
it('signs that mean something in patterns are taken as signs', () => expect(found('.*')).toEqual(places))
