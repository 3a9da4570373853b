import type { PersonRecord } from './person-record.ts'

const WORDS = { active: ['Active', 'good'], invited: ['Invited', 'warn'], deactivated: ['Deactivated', ''] } as const

export function State({ state }: { state: PersonRecord['state'] }) {
  if (state === undefined) return null
  const [word, look] = WORDS[state]
  return <span className={`tag ${look}`}>{word}</span>
}
