import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { useMay } from '../api/access.ts'
import { get, remove } from '../api/client.ts'
import { Problem } from '../api/problem.ts'
import { Button } from '../components/button.tsx'
import { Confirm } from '../components/confirm.tsx'
import { RawJson } from '../components/raw.tsx'
import { Loaded } from '../components/record.tsx'
import { saveFile } from '../components/secret.tsx'
import { say } from '../components/toast.tsx'

interface Opened {
  run: string
  check: string
  observedAt: string
  fields: Record<string, unknown>
}

/** What a run observed. It is read once it is asked for: the look stands in the audit trail. */
export function Evidence({ run }: { run: string }) {
  const may = useMay()
  const [erasing, setErasing] = useState(false)
  const opened = useQuery({
    // No address of the API: what is told by the stream must not read it again either.
    queryKey: [{ evidence: run }],
    queryFn: ({ signal }) => get<Opened>(`/runs/${run}/evidence`, undefined, signal),
    // Each look is recorded.
    staleTime: Number.POSITIVE_INFINITY,
    retry: false,
    refetchOnWindowFocus: false,
    refetchOnReconnect: false,
  })
  const gone = opened.error instanceof Problem && opened.error.status === 404
  return (
    <div className="part-body">
      {gone ? <p className="soft">The evidence of this run has been erased. Its commitment stays in the log, and shows that there was some.</p> : (
        <Loaded query={opened} lines={3}>
          {({ fields }) => (
            <>
              <RawJson label="Evidence" value={fields} />
              <div className="acts">
                <Button onClick={() => saveFile(`evidence-${run}.json`, 'application/json', `${JSON.stringify(fields, null, 2)}\n`)}>Download</Button>
                {may({ verb: 'act', record: 'evidence', name: 'erase' }) && <Button look="danger" onClick={() => setErasing(true)}>Erase</Button>}
              </div>
            </>
          )}
        </Loaded>
      )}
      {erasing && (
        <Confirm title="Erase this evidence" act="Erase for good" onClose={() => setErasing(false)} onConfirm={async () => { await remove(`/runs/${run}/evidence`); await opened.refetch(); say('The evidence is erased.') }}>
          <p>What this run observed becomes unreadable everywhere, in every copy and backup. It cannot be brought back.</p>
          <p className="soft">The verdict, the slot and the commitment stay in the log: readers see that there was evidence, and nobody can show it any more.</p>
        </Confirm>
      )}
    </div>
  )
}
