import { Mark } from '../components/mark.tsx'
import type { PersonRecord } from './person-record.ts'

const WORDS = { active: ['Active', 'good', 'checked'], invited: ['Invited', 'warn', 'stale'], deactivated: ['Deactivated', '', 'unbacked'] } as const

export function State({ state }: { state: PersonRecord['state'] }) {
  if (state === undefined) return null
  const [word, look, shape] = WORDS[state]
  return <span className={`tag ${look}`}><Mark state={shape} />{word}</span>
}
