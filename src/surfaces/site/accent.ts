import { VouchsafeError } from '#core/errors'

/** Colours of one scheme that depend on the accent, as `#rrggbb`. */
export interface AccentColours {
  /** For text, links and marks: at least 4.5:1 on paper, card and wash. */
  accent: string
  /** A tint of the paper, for quiet fields. */
  wash: string
  /** For words on a field of the accent: at least 4.5:1. */
  onAccent: string
}

export interface Accent {
  light: AccentColours
  dark: AccentColours
}

/** Grounds that text stands on, by scheme (style/colour.ts uses the same values). */
export const GROUNDS = {
  light: { paper: '#fbfaf7', card: '#ffffff', ink: '#1b1d1e' },
  dark: { paper: '#121516', card: '#191d1f', ink: '#e9e6df' },
} as const

/** WCAG 2.2 SC 1.4.3: normal text. Our accent is used at 13 px, so the larger-text allowance never applies. */
const LEAST_CONTRAST = 4.5

const HOUSE: Accent = {
  light: { accent: '#0c6b5b', wash: '#e8f1ee', onAccent: '#ffffff' },
  dark: { accent: '#58c3ad', wash: '#15302b', onAccent: '#121516' },
}

/**
 * The colours for an organisation's accent (`#rgb` or `#rrggbb`; undefined: the house green). A colour that could
 * not be read on paper is darkened, or lightened on dark paper, only as far as it must be; its hue is kept.
 * Throws `bad-input` for anything that is not such a colour.
 */
export function accentColours(accent?: string): Accent {
  if (accent === undefined) return HOUSE
  const colour = parseColour(accent)
  return { light: schemeColours(colour, 'light'), dark: schemeColours(colour, 'dark') }
}

function schemeColours(colour: Rgb, scheme: 'light' | 'dark'): AccentColours {
  const paper = parseColour(GROUNDS[scheme].paper)
  const card = parseColour(GROUNDS[scheme].card)
  const pole: Rgb = scheme === 'light' ? [0, 0, 0] : [255, 255, 255]
  for (let step = 0; step <= 100; step++) {
    const candidate = mix(colour, pole, step / 100)
    const wash = mix(paper, candidate, scheme === 'light' ? 0.09 : 0.16)
    if ([paper, card, wash].every((ground) => contrast(candidate, ground) >= LEAST_CONTRAST)) {
      const white: Rgb = [255, 255, 255]
      const black = parseColour(GROUNDS.dark.paper)
      const onAccent = contrast(candidate, white) >= contrast(candidate, black) ? white : black
      return { accent: format(candidate), wash: format(wash), onAccent: format(onAccent) }
    }
  }
  // Black on light paper and white on dark paper always pass, so the last step has returned.
  throw new VouchsafeError('internal', 'No step towards black or white reached the least contrast.')
}

/** Contrast ratio of two `#rrggbb` colours by WCAG 2.2, 1 to 21. */
export function contrastRatio(one: string, other: string): number {
  return contrast(parseColour(one), parseColour(other))
}

type Rgb = readonly [number, number, number]

function parseColour(text: string): Rgb {
  const match = /^#(?:([0-9a-f])([0-9a-f])([0-9a-f])|([0-9a-f]{2})([0-9a-f]{2})([0-9a-f]{2}))$/i.exec(text)
  if (!match) throw new VouchsafeError('bad-input', `${JSON.stringify(text.slice(0, 40))} is not a colour.`, { mend: 'Write the accent as #rrggbb, for example #0c6b5b.' })
  const parts = match[1] === undefined ? match.slice(4, 7) : match.slice(1, 4).map((digit) => digit + digit)
  return parts.map((part) => Number.parseInt(part, 16)) as unknown as Rgb
}

const format = (colour: Rgb): string => `#${colour.map((part) => Math.round(part).toString(16).padStart(2, '0')).join('')}`

/** From `one` (share 0) to `other` (share 1), rounded, so that what is measured is what is written. */
function mix(one: Rgb, other: Rgb, share: number): Rgb {
  return one.map((part, k) => Math.round(part + ((other[k] as number) - part) * share)) as unknown as Rgb
}

function contrast(one: Rgb, other: Rgb): number {
  const [a, b] = [luminance(one), luminance(other)]
  return (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05)
}

/** WCAG 2.2, relative luminance. */
function luminance(colour: Rgb): number {
  const [r, g, b] = colour.map((part) => {
    const share = part / 255
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4
  }) as unknown as Rgb
  return 0.2126 * r + 0.7152 * g + 0.0722 * b
}
