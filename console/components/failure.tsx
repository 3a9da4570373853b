import { problemOf } from '../api/problem.ts'
import { Button } from './button.tsx'

/** What went wrong, and what to do about it, where the thing itself would have been. */
export function Failure({ error, retry }: { error: unknown; retry?: (() => void) | undefined }) {
  const problem = problemOf(error)
  return (
    <div className="failure" role="alert">
      <p><strong>{problem.message}</strong></p>
      {problem.mend !== undefined && <p className="soft">{problem.mend}</p>}
      {retry && <p className="acts"><Button onClick={retry}>Try again</Button></p>}
    </div>
  )
}
