import type { Place } from '../place.ts'

export const identityPlaces: readonly Place[] = []
