import { useMay } from '../api/access.ts'
import { Empty } from '../components/empty.tsx'
import { Go } from '../components/go.tsx'
import { Screen } from '../components/screen.tsx'
import { Table } from '../components/table.tsx'
import { When } from '../components/when.tsx'
import { type ClaimRecord, ownerOf, shorten, STATE_WORDS, STATES, turnsOf, useOverview } from './claim-record.ts'
import { State } from './state.tsx'

/** A list sorts a state by how much it asks for somebody, not by its letters. */
const urgency = (claim: ClaimRecord): number => (claim.state === undefined ? 99 : STATES.indexOf(claim.state))

export default function Claims() {
  const overview = useOverview()
  const may = useMay()
  const shown = overview.data?.shown
  return (
    <Screen title="Claims" lead={shown ? <>What “{shown.title}”, version {shown.number}, says{shown.status === 'preview' ? ' to this machine only: it has not been published' : ''}.</> : undefined}>
      <Table<ClaimRecord>
        name="claims"
        rows={overview.data?.claims}
        error={overview.error}
        retry={() => void overview.refetch()}
        keyOf={(claim) => claim.id}
        to={(claim) => `/claims/${claim.id}`}
        search={{ title: 'Words, control or check', of: (claim) => [claim.text, ...(claim.controls ?? []), ...(claim.checks ?? []), ownerOf(claim)].join(' ') }}
        filters={[
          { name: 'state', title: 'State', choices: STATES.map((state) => [state, STATE_WORDS[state]]), of: (claim) => claim.state },
          { name: 'owner', title: 'Owner', choices: [['none', 'nobody'], ['some', 'somebody']], of: (claim) => (claim.owner === undefined ? 'none' : 'some') },
          { name: 'strength', title: 'Wording', choices: [['definite', 'definite'], ['hedged', 'hedged'], ['negative', 'negative']], of: (claim) => claim.strength },
        ]}
        columns={[
          { title: 'Claim', cell: (claim) => <span className="sentence">{shorten(claim.text ?? claim.id, 160)}</span>, text: (claim) => claim.text },
          { title: 'State', cell: (claim) => claim.state && <State state={claim.state} />, text: (claim) => claim.state, sort: 'state', by: urgency },
          { title: 'Since', cell: (claim) => claim.since && <When at={claim.since} />, text: (claim) => claim.since, sort: 'since', by: (claim) => claim.since },
          { title: 'Turns', cell: (claim) => { const turns = turnsOf(claim); return turns && <span title={turns.into}><When at={turns.at} /></span> }, text: (claim) => turnsOf(claim)?.at, sort: 'turns', by: (claim) => turnsOf(claim)?.at },
          { title: 'Owner', cell: (claim) => ownerOf(claim) ?? <span className="soft">nobody</span>, text: (claim) => ownerOf(claim), sort: 'owner', by: ownerOf },
        ]}
        empty={<Empty title="The page makes no claim yet." acts={may({ verb: 'act', record: 'policy', name: 'draft' }) && <Go to="/policies/import" className="button filled">Import a page</Go>}>Bring in your security page; its sentences become claims once somebody has approved them.</Empty>}
      />
    </Screen>
  )
}
