import { Button } from '../components/button.tsx'
import { Dialog } from '../components/dialog.tsx'
import { Fact, Facts } from '../components/facts.tsx'
import type { Correction, Line } from './policy-record.ts'

/** Two people corrected one sentence: both are shown, and one chooses. */
export function BothVersions({ mine, line, theirs, onMine, onTheirs, onClose }: { mine: Correction; line: Line; theirs: Line; onMine: () => Promise<unknown>; onTheirs: () => void; onClose: () => void }) {
  return (
    <Dialog title="Somebody else has corrected this meanwhile" className="wide-dialog" onClose={onClose}>
      <p className="sentence">{line.text}</p>
      <div className="pair part-body">
        <section><h3>As it is now</h3><Told what={theirs} /></section>
        <section><h3>As you have it</h3><Told what={{ ...line, ...mine }} /></section>
      </div>
      <div className="acts">
        <Button look="filled" onClick={onMine}>Save mine over it</Button>
        <Button onClick={onTheirs} data-begin>Keep what is there now</Button>
      </div>
    </Dialog>
  )
}

function Told({ what }: { what: Pick<Line, 'claim' | 'controls' | 'strength' | 'scope' | 'checks'> }) {
  return (
    <Facts>
      <Fact title="Claim">{what.claim ? 'yes' : 'no'}</Fact>
      <Fact title="Controls">{what.controls.join(', ') || 'none'}</Fact>
      <Fact title="Wording">{what.strength}</Fact>
      <Fact title="Scope">{what.scope}</Fact>
      <Fact title="Checks">{what.checks?.join(', ')}</Fact>
    </Facts>
  )
}
