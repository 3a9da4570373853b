import { selfCheck as selfCheckOf, type Check, type Looking, type SelfCheckTerms } from '#core/check'

export { fails, holds, unknown, type Looking, type SelfCheckTerms, type Sight } from '#core/check'

export const MINUTE = 60
export const HOUR = 60 * MINUTE
export const DAY = 24 * HOUR

/** A check of the installation itself. */
export const selfCheck = (terms: SelfCheckTerms, looking: Looking): Check => selfCheckOf('installation', terms, looking)
