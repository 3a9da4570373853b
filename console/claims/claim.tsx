import { useState } from 'react'
import { useMay } from '../api/access.ts'
import { SlotHistory } from '../check/slot-history.tsx'
import { checkPath } from '../check/check-record.ts'
import { Button } from '../components/button.tsx'
import { Empty } from '../components/empty.tsx'
import { Fact, Facts } from '../components/facts.tsx'
import { Go } from '../components/go.tsx'
import { exactly } from '../components/instant.ts'
import { Loaded } from '../components/record.tsx'
import { useParameter } from '../components/parameter.ts'
import { Part, Screen } from '../components/screen.tsx'
import { useCommands } from '../components/shortcut.ts'
import { When } from '../components/when.tsx'
import { type ClaimRecord, shorten, turnsOf, useOverview } from './claim-record.ts'
import { Note } from './note.tsx'
import { Owner } from './owner.tsx'
import { State } from './state.tsx'

const WORDING = { definite: 'definite', hedged: 'hedged: it cannot be checked as it is worded', negative: 'negative: it says that something is not so' } as const

export default function OneClaim() {
  const id = useParameter('id')
  const overview = useOverview()
  const may = useMay()
  const [noting, setNoting] = useState(false)
  const claim = overview.data?.claims.find((candidate) => candidate.id === id)
  const mayNote = claim?.underlying === 'broken' && may({ verb: 'act', record: 'claim', name: 'note' })
  const published = overview.data?.shown?.status === 'published'
  useCommands(mayNote ? [{ title: 'Promise a mend of this claim', run: () => setNoting(true) }] : [])
  return (
    <Screen title={claim?.text === undefined ? 'Claim' : shorten(claim.text, 80)} within={{ title: 'Claims', to: '/claims' }} acts={claim && (
      <>
        {mayNote && <Button look="filled" onClick={() => setNoting(true)}>Promise a mend</Button>}
        <a className="button" href={`/claims/${id}`}>{published ? 'As readers see it' : 'As readers will see it'}</a>
      </>
    )}>
      <Loaded query={overview}>
        {() => claim === undefined ? (
          <Empty title="This claim is not on the page." acts={<Go to="/claims" className="button">Claims</Go>}>It may have been reworded in a newer version, or withdrawn. The log keeps what was said.</Empty>
        ) : (
          <>
            <p className="whole">{claim.text}</p>
            <Part title="How it stands">
              <About claim={claim} />
            </Part>
            {claim.checks && claim.checks.length > 0 && may({ verb: 'act', record: 'check', name: 'read' }) && (
              <Part title="History, by check">
                {claim.checks.map((check) => (
                  <div key={check} className="part-body">
                    <h3><Go to={checkPath(check)}>{check}</Go></h3>
                    <SlotHistory check={check} claim={claim.id} />
                  </div>
                ))}
              </Part>
            )}
            {noting && <Note claim={claim} onClose={() => setNoting(false)} />}
          </>
        )}
      </Loaded>
    </Screen>
  )
}

function About({ claim }: { claim: ClaimRecord }) {
  const turns = turnsOf(claim)
  return (
    <Facts>
      <Fact title="State">{claim.state && <><State state={claim.state} />{claim.since && <> since <When at={claim.since} /></>}</>}</Fact>
      {claim.state === 'unprovable' && <Fact title="Its results say">{claim.underlying && <State state={claim.underlying} />}</Fact>}
      <Fact title="If nothing happens">{turns && <>{turns.into} <When at={turns.at} />, {exactly(turns.at)}</>}</Fact>
      <Fact title="Who answers for it"><Owner claim={claim} /></Fact>
      <Fact title="Wording">{claim.strength && WORDING[claim.strength]}</Fact>
      <Fact title="Section">{claim.section?.join(' › ')}</Fact>
      <Fact title="Controls">{claim.controls && claim.controls.length > 0 ? claim.controls.map((control, at) => <span key={control}>{at > 0 && ', '}<Go to={`/controls?q=${control}`}>{control}</Go></span>) : <span className="soft">none is named: nothing can check it</span>}</Fact>
      <Fact title="Checks">{claim.checks?.length === 0 && <span className="soft">no check speaks to it</span>}</Fact>
      <Fact title="Promised mend">{claim.note && <>{claim.note.cause} Mended by {exactly(claim.note.mendBy).split(',')[0]}, says the {claim.note.role}.</>}</Fact>
    </Facts>
  )
}
