import { folded } from './case-folding.ts'

/**
 * Letters of other alphabets that pass for a Latin one, in small or in capital form (in the spirit of UTS 39 §4; its full
 * table also makes 1 an l and m an rn, which would refuse more honest people than it would stop others).
 * Keys and values are folded, so that a skeleton is a function of the folded text.
 */
const PASSES_FOR: ReadonlyMap<string, string> = new Map(
  Object.entries({
    // Latin letters beside the plain ones
    a: 'ɑ', b: 'ƅ', c: 'ᴄ', g: 'ɡᶃ', i: 'ıɩɪ', l: 'ǀ', o: 'ᴏ', p: 'ƿ', s: 'ꜱ', u: 'ᴜ', v: 'ᴠ', w: 'ᴡ', y: 'ʏɣ', z: 'ᴢ',
  })
    .concat(
      // Cyrillic
      Object.entries({ a: 'а', b: 'вьѣ', c: 'сҫ', d: 'ԁ', e: 'еҽ', g: 'ԍ', h: 'нһҥӊ', i: 'і', j: 'ј', k: 'кҡқӄ', l: 'ӏ', m: 'мӎ', n: 'п', o: 'оө', p: 'р', q: 'ԛ', r: 'г', s: 'ѕ', t: 'тҭ', v: 'ѵ', w: 'ԝѡ', x: 'хҳ', y: 'уүұ' }),
      // Greek
      Object.entries({ a: 'α', b: 'β', e: 'ε', h: 'η', i: 'ι', k: 'κ', m: 'μ', n: 'ν', o: 'οσ', p: 'ρ', t: 'τ', u: 'υ', w: 'ω', x: 'χ', y: 'γ', z: 'ζ' }),
      // Armenian, Cherokee capitals and Lisu-like shapes that have been seen in attacks
      Object.entries({ g: 'ց', h: 'հ', n: 'ո', o: 'օ', q: 'զ', u: 'ս', a: 'Ꭺ', b: 'Ᏼ', c: 'Ꮯ', d: 'Ꭰ', e: 'Ꭼ', i: 'Ꭵ', j: 'Ꭻ', k: 'Ꮶ', l: 'Ꮮ', m: 'Ꮇ', p: 'Ꮲ', r: 'Ꮢ', t: 'Ꭲ', v: 'Ꮩ', w: 'Ꮃ', y: 'Ꭹ', z: 'Ꮓ' }),
    )
    .flatMap(([latin, letters]) => Array.from(letters, (letter): [string, string] => [letter, latin])),
)

/** Characters that show nothing. */
const UNSEEN = /[\p{Default_Ignorable_Code_Point}\p{Cf}]/gu

/**
 * What a text looks like to somebody who glances at it. Two texts of one skeleton look alike; equal folded texts have equal
 * skeletons.
 */
export const skeleton = (text: string): string =>
  Array.from(folded(text).replaceAll(UNSEEN, ''), (letter) => PASSES_FOR.get(letter) ?? letter)
    .join('')
    .normalize('NFKC')

const SCRIPTS = ['Latin', 'Greek', 'Cyrillic', 'Armenian', 'Hebrew', 'Arabic', 'Georgian', 'Cherokee', 'Devanagari', 'Thai', 'Han', 'Hiragana', 'Katakana', 'Bopomofo', 'Hangul'] as const
type Script = (typeof SCRIPTS)[number]
const IS: ReadonlyMap<Script, RegExp> = new Map(SCRIPTS.map((script) => [script, new RegExp(`\\p{scx=${script}}`, 'u')]))

// UTS 39 §5.2, "highly restrictive": languages that are written with several scripts, Latin among them.
const TOGETHER: readonly ReadonlySet<Script>[] = [new Set(['Latin', 'Han', 'Hiragana', 'Katakana']), new Set(['Latin', 'Han', 'Bopomofo']), new Set(['Latin', 'Han', 'Hangul'])]

/** Whether one word mixes alphabets that no language mixes: `pаypal` with a Cyrillic а. Words end at spaces and punctuation. */
export const mixesScripts = (text: string): boolean => text.normalize('NFKC').split(/[^\p{L}\p{M}]+/u).some(mixes)

function mixes(word: string): boolean {
  const possible = new Set<Script>()
  for (const letter of word) {
    const of = SCRIPTS.filter((script) => IS.get(script)?.test(letter))
    if (of.length === 1) for (const script of of) possible.add(script) // a letter of several scripts goes with each of them
  }
  return possible.size > 1 && !TOGETHER.some((together) => [...possible].every((script) => together.has(script)))
}
