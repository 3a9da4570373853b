import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { useMay } from '../api/access.ts'
import { get, post } from '../api/client.ts'
import { Button } from '../components/button.tsx'
import { Confirm } from '../components/confirm.tsx'
import { Empty } from '../components/empty.tsx'
import { Loaded } from '../components/record.tsx'
import { Screen } from '../components/screen.tsx'
import { useCommands } from '../components/shortcut.ts'
import { say } from '../components/toast.tsx'
import { When } from '../components/when.tsx'
import { Attest } from './attest.tsx'

interface AttestationRecord {
  digest: string
  claim?: string
  control?: string
  statement: string
  role: string
  from: string
  until: string
  endedAt?: string
}

/** What people of the organisation have said with their own keys. */
export default function Attestations() {
  const queries = useQueryClient()
  const may = useMay()
  const query = useQuery({ queryKey: ['/attestations'], queryFn: ({ signal }) => get<{ items: AttestationRecord[] }>('/attestations', undefined, signal) })
  const [attesting, setAttesting] = useState(false)
  const [ending, setEnding] = useState<AttestationRecord>()
  const mayMake = may({ verb: 'act', record: 'attestation', name: 'make' })
  const make = mayMake && <Button look="filled" onClick={() => setAttesting(true)}>Attest</Button>
  useCommands(mayMake ? [{ title: 'Attest a claim', also: 'sign vouch promise', run: () => setAttesting(true) }] : [])
  return (
    <Screen title="Attestations" lead="What people vouch for themselves, under their title, until a date." acts={make}>
      <Loaded query={query} lines={6}>
        {({ items }) => items.length === 0 ? <Empty title="Nobody has attested anything yet.">What no check can see, a person can say: with a passkey, so that anybody can verify who said it.</Empty> : (
          <table className="list">
            <caption className="hidden">Attestations</caption>
            <thead><tr><th scope="col">What is said</th><th scope="col">By</th><th scope="col">Until</th><th scope="col"><span className="hidden">Acts</span></th></tr></thead>
            <tbody>
              {items.toReversed().map((one) => (
                <tr key={one.digest}>
                  <td className="main-cell">{one.statement}<span className="under">{one.claim === undefined ? `control ${one.control}` : `claim ${one.claim}`}</span></td>
                  <td data-label="By">{one.role}</td>
                  <td data-label="Until">{one.endedAt === undefined ? <When at={one.until} /> : <>ended <When at={one.endedAt} /></>}</td>
                  <td className="end">{mayMake && one.endedAt === undefined && <Button look="plain" aria-label={`End it: ${one.statement}`} onClick={() => setEnding(one)}>End it</Button>}</td>
                </tr>
              ))}
            </tbody>
          </table>
        )}
      </Loaded>
      {attesting && <Attest onClose={() => setAttesting(false)} />}
      {ending && (
        <Confirm title="End the attestation" act="End it" onClose={() => setEnding(undefined)} onConfirm={async () => { await post(`/attestations/${ending.digest}/end`); await queries.invalidateQueries({ queryKey: ['/attestations'] }); say('It counts no longer.') }}>
          <p>It stays in the log, and so does its end.</p>
        </Confirm>
      )}
    </Screen>
  )
}
