import { STATUS_WORDS, type Status } from './policy-record.ts'

const LOOK: Partial<Record<Status, string>> = { published: 'good', approved: 'warn', draft: 'warn' }

export function StatusTag({ status }: { status: Status }) {
  return <span className={`tag ${LOOK[status] ?? ''}`}>{STATUS_WORDS[status]}</span>
}
