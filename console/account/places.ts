import type { Place } from '../place.ts'

export const accountPlaces: readonly Place[] = []
