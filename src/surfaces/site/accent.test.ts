import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { VouchsafeError } from '#core/errors'
import { accentColours, contrastRatio, GROUNDS } from './accent.ts'

describe('the accent', () => {
  it('contrast follows the published examples of WCAG', () => {
    expect(contrastRatio('#000000', '#ffffff')).toBeCloseTo(21, 5)
    expect(contrastRatio('#777777', '#ffffff')).toBeCloseTo(4.48, 2)
    expect(contrastRatio('#767676', '#ffffff')).toBeCloseTo(4.54, 2)
    expect(contrastRatio('#ff0000', '#ffffff')).toBeCloseTo(4.0, 2)
  })

  it('any colour an organisation sets ends up readable on paper, card and wash, in both schemes', () => {
    fc.assert(fc.property(fc.stringMatching(/^#[0-9a-f]{6}$/), (colour) => {
      const accent = accentColours(colour)
      for (const scheme of ['light', 'dark'] as const) {
        const { accent: own, wash, onAccent } = accent[scheme]
        for (const ground of [GROUNDS[scheme].paper, GROUNDS[scheme].card, wash]) expect(contrastRatio(own, ground)).toBeGreaterThanOrEqual(4.5)
        expect(contrastRatio(own, onAccent)).toBeGreaterThanOrEqual(4.5)
        expect(contrastRatio(GROUNDS[scheme].ink, wash)).toBeGreaterThanOrEqual(4.5)
      }
    }), { numRuns: 300 })
  })

  it('a colour that is readable already is left alone', () => {
    expect(accentColours('#0c6b5b').light.accent).toBe('#0c6b5b')
    expect(accentColours('#7a1fa2').light.accent).toBe('#7a1fa2')
  })

  it('the house colours pass their own rule', () => {
    for (const scheme of ['light', 'dark'] as const) {
      const house = accentColours()[scheme]
      for (const ground of [GROUNDS[scheme].paper, GROUNDS[scheme].card, house.wash]) expect(contrastRatio(house.accent, ground)).toBeGreaterThanOrEqual(4.5)
      expect(contrastRatio(house.accent, house.onAccent)).toBeGreaterThanOrEqual(4.5)
    }
  })

  it.each(['', 'green', '#12', '#12345g', '#0c6b5b;}body{display:none', 'url(x)'])('%j is refused as a colour, so that it cannot reach the stylesheet', (colour) => {
    expect(() => accentColours(colour)).toThrow(VouchsafeError)
  })
})
