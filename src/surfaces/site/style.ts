import type { Accent } from './accent.ts'
import { cardStyle } from './style/card.ts'
import { colourStyle } from './style/colour.ts'
import { frameStyle } from './style/frame.ts'
import { mediaStyle } from './style/media.ts'
import { policyStyle } from './style/policy.ts'
import { sideStyle } from './style/side.ts'

/** The site's one stylesheet, without its fonts. Kept as modules so that a build carries them along. */
export function stylesheet(accent: Accent): string {
  const text = [colourStyle(accent), frameStyle, policyStyle, cardStyle, sideStyle, mediaStyle].join('\n')
  return text.replace(/\/\*[^]*?\*\//g, '').replace(/\n\s*/g, '\n').replace(/\n{2,}/g, '\n').trim()
}
