import { useMay } from '../api/access.ts'
import { Empty } from '../components/empty.tsx'
import { Go } from '../components/go.tsx'
import { Screen } from '../components/screen.tsx'

export default function Today() {
  const may = useMay()
  return (
    <Screen title="Today">
      <Empty title="Nothing needs you now." acts={may({ verb: 'act', record: 'person', name: 'read' }) ? <Go to="/people" className="button">People</Go> : <Go to="/account" className="button">Your account</Go>}>What is due, what is broken on the page and what has changed stands here.</Empty>
    </Screen>
  )
}
