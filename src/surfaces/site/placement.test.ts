import { Buffer } from 'node:buffer'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Inline } from '#core/policy'
import { plainText } from './contents.ts'
import { placeClaims, segmentsOf } from './placement.ts'
import type { ClaimView } from './view.ts'
import { claimOf } from './view.fixture.ts'

const claim = (id: string, start: number, end: number): ClaimView => claimOf('checked', { id, start, end })

/** Runs of text one after the other, the second half of them within a link. */
function runsOf(texts: readonly string[]): Inline[] {
  let at = 0
  const leaves = texts.map((text): Inline => ({ kind: 'text', text, start: at, end: (at += Buffer.byteLength(text)) }))
  const middle = Math.floor(leaves.length / 2)
  return [...leaves.slice(0, middle), { kind: 'link', href: 'https://vouchsafe.example', children: [{ kind: 'strong', children: leaves.slice(middle) }] }]
}

const word = fc.constantFrom('data ', 'is kept ', '🔒 ', '👩‍💻', 'é', '日本 ', 'TLS 1.2. ', 'x')

describe('claims in the text', () => {
  it('cutting by bytes keeps every character, and gives each claim exactly its own, emoji and links included', () => {
    fc.assert(fc.property(fc.array(fc.array(word, { minLength: 1, maxLength: 5 }).map((words) => words.join('')), { minLength: 1, maxLength: 8 }), fc.infiniteStream(fc.nat(9)), (texts, stream) => {
      const whole = texts.join('')
      // Borders at character positions: a claim, a gap, a claim …
      const characters = [...whole]
      const claims: ClaimView[] = []
      const expected = new Map<string, string>()
      for (let at = 0; at < characters.length; ) {
        const gap = stream.next().value as number % 3
        const length = 1 + (stream.next().value as number)
        const from = Math.min(at + gap, characters.length)
        const to = Math.min(from + length, characters.length)
        if (to > from) {
          const id = `c${claims.length}`
          const start = Buffer.byteLength(characters.slice(0, from).join(''))
          const own = characters.slice(from, to).join('')
          claims.push(claim(id, start, start + Buffer.byteLength(own)))
          expected.set(id, own)
        }
        at = to + 1
      }
      const segments = segmentsOf(runsOf(texts), placeClaims(claims).placed)
      const squeeze = (text: string): string => text.replace(/\s+/g, '')
      expect(squeeze(segments.map((segment) => plainText(segment.children)).join(''))).toBe(squeeze(whole))
      for (const [id, own] of expected) {
        const found = segments.filter((segment) => segment.claim?.id === id)
        if (own.trim() !== '') expect(squeeze(found.map((segment) => plainText(segment.children)).join(''))).toBe(squeeze(own))
      }
      for (const segment of segments) if (segment.claim === undefined) expect(plainText(segment.children)).not.toBe('')
    }), { numRuns: 200 })
  })

  it('a link that reaches over the border of two claims is set in both', () => {
    const segments = segmentsOf([{ kind: 'link', href: '/a', children: [{ kind: 'text', text: 'One. Two.', start: 10, end: 19 }] }], [claim('a', 10, 14), claim('b', 15, 19)])
    expect(segments.map((segment) => [segment.claim?.id, segment.children])).toEqual([
      ['a', [{ kind: 'link', href: '/a', children: [{ kind: 'text', text: 'One.', start: 10, end: 14 }] }]],
      ['b', [{ kind: 'link', href: '/a', children: [{ kind: 'text', text: 'Two.', start: 15, end: 19 }] }]],
    ])
  })

  it('a run whose bytes are not its text goes whole to one claim, and is never cut in a wrong place', () => {
    const segments = segmentsOf([{ kind: 'text', text: 'R&D is kept.', start: 0, end: 16 }], [claim('a', 0, 9)])
    expect(segments.map((segment) => [segment.claim?.id, plainText(segment.children)])).toEqual([['a', 'R&D is kept.']])
  })

  it('claims that overlap are not drawn over each other, and none is lost', () => {
    fc.assert(fc.property(fc.array(fc.tuple(fc.integer({ min: -5, max: 60 }), fc.integer({ min: -5, max: 60 })), { maxLength: 20 }), (pairs) => {
      const claims = pairs.map(([start, end], k) => claim(`c${k}`, start, end))
      const { placed, left } = placeClaims(claims)
      expect([...placed, ...left].map((each) => each.id).toSorted()).toEqual(claims.map((each) => each.id).toSorted())
      placed.forEach((each, k) => {
        expect(each.end).toBeGreaterThan(each.start)
        if (k > 0) expect(each.start).toBeGreaterThanOrEqual((placed[k - 1] as ClaimView).end)
      })
    }))
  })

  it('breaks between two claims vanish; a break within a claim stays', () => {
    const leaf = (text: string, start: number): Inline => ({ kind: 'text', text, start, end: start + text.length })
    const segments = segmentsOf([leaf('One', 0), { kind: 'break' }, leaf('more.', 4), { kind: 'break' }, leaf('Two.', 10)], [claim('a', 0, 9), claim('b', 10, 14)])
    expect(segments.map((segment) => segment.children.map((inline) => inline.kind))).toEqual([['text', 'break', 'text'], ['text']])
  })
})
