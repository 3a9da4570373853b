import { Screen } from '../components/screen.tsx'
import { Empty } from '../components/empty.tsx'
import { Go } from '../components/go.tsx'

export default function Today() {
  return (
    <Screen title="Today">
      <Empty title="Nothing needs you now." acts={<Go to="/people" className="button">People</Go>}>What is due, what is broken on the page and what has changed stands here.</Empty>
    </Screen>
  )
}
