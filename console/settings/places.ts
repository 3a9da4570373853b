import type { Place } from '../place.ts'

export const settingsPlaces: readonly Place[] = []
