/** A list that a form keeps as text. */
export function itemsOf<T>(text: string): readonly T[] {
  const given: unknown = text === '' ? [] : JSON.parse(text)
  return Array.isArray(given) ? (given as T[]) : []
}

export const textOf = (value: unknown): string => (Array.isArray(value) && value.length > 0 ? JSON.stringify(value) : '')
