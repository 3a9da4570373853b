import { useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { send } from '../api/client.ts'
import { Problem } from '../api/problem.ts'
import { useMay } from '../api/access.ts'
import { useSession } from '../api/session.ts'
import { Button } from '../components/button.tsx'
import { Dialog } from '../components/dialog.tsx'
import { say } from '../components/toast.tsx'
import { PickPerson } from '../identity/pick-person.tsx'
import { type ClaimRecord, ownerOf } from './claim-record.ts'

interface Owned {
  owner: string | null
  ownerVersion: number
}

/** Who answers for a claim, and the way to say somebody else does. */
export function Owner({ claim }: { claim: ClaimRecord }) {
  const may = useMay()
  const session = useSession()
  const queries = useQueryClient()
  const [choosing, setChoosing] = useState(false)
  const [person, setPerson] = useState<string>()
  const [other, setOther] = useState<{ owner: string | null; version: number }>()
  const mine = session.data?.person.id
  const mayChange = may({ verb: 'act', record: 'claim', name: 'own' }) && may({ verb: 'write', record: 'claim', name: 'owner' })
  const give = async (to: string | null, based = claim.ownerVersion ?? 0): Promise<void> => {
    try {
      const { body } = await send<Owned>('PUT', `/claims/${claim.id}/owner`, { body: { person: to }, ifMatch: String(based) })
      await queries.invalidateQueries({ queryKey: ['/overview'] })
      const before = claim.owner ?? null
      setChoosing(false)
      setOther(undefined)
      say(to === null ? 'Nobody answers for it now.' : 'Said.', () => send('PUT', `/claims/${claim.id}/owner`, { body: { person: before }, ifMatch: String(body.ownerVersion) }).then(() => queries.invalidateQueries({ queryKey: ['/overview'] })))
    } catch (thrown) {
      if (!(thrown instanceof Problem) || thrown.status !== 412 || thrown.current === undefined) throw thrown
      setOther({ owner: (thrown.current['owner'] as string | null) ?? null, version: Number(thrown.current['version']) })
      setPerson(to ?? undefined)
    }
  }
  const quietly = (to: string | null) => give(to).catch((thrown: unknown) => say(thrown instanceof Error ? thrown.message : 'It could not be said.'))
  return (
    <>
      <span>{ownerOf(claim) ?? 'nobody'}</span>
      {mayChange && (
        <span className="filters owner-acts">
          {mine !== undefined && claim.owner !== mine && <Button onClick={() => quietly(mine)}>I answer for it</Button>}
          {may({ verb: 'act', record: 'person', name: 'read' }) && <Button onClick={() => setChoosing(true)}>Somebody else</Button>}
          {claim.owner !== undefined && <Button look="plain" onClick={() => quietly(null)}>Nobody</Button>}
          <span className="soft">They are told before it goes stale or its attestation ends.</span>
        </span>
      )}
      {choosing && (
        <PickPerson
          title="Who answers for this claim"
          onPick={async (found) => {
            setPerson(found.id)
            await give(found.id)
          }}
          onClose={() => setChoosing(false)}
        />
      )}
      {other && (
        <Dialog title="Somebody else has said it meanwhile" onClose={() => setOther(undefined)}>
          <div className="pair part-body">
            <div><h3>As it is now</h3><p>{other.owner === null ? 'nobody' : other.owner === mine ? 'you' : `Person ${other.owner.slice(0, 8)}`}</p></div>
            <div><h3>As you have it</h3><p>{person === undefined ? 'nobody' : person === mine ? 'you' : `Person ${person.slice(0, 8)}`}</p></div>
          </div>
          <div className="acts">
            <Button look="filled" onClick={() => give(person ?? null, other.version)}>Save mine over it</Button>
            <Button onClick={() => { setOther(undefined); setChoosing(false); void queries.invalidateQueries({ queryKey: ['/overview'] }) }}>Keep what is there now</Button>
          </div>
        </Dialog>
      )}
    </>
  )
}
