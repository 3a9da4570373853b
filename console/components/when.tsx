import { ago, exactly } from './instant.ts'
import { useNow } from './now.ts'

/** An instant in words, with the exact one for whoever points at it or focuses on it. */
export function When({ at, none = 'never' }: { at: string | null | undefined; none?: string }) {
  const now = useNow()
  if (at === null || at === undefined) return <span className="soft">{none}</span>
  return <time dateTime={at} title={exactly(at)} className="nowrap">{ago(new Date(at), now)}</time>
}
