import type { Place } from '../place.ts'

export const rolesPlaces: readonly Place[] = []
