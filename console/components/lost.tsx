import { Empty } from './empty.tsx'
import { Go } from './go.tsx'
import { Screen } from './screen.tsx'

export function Lost() {
  return <Screen title="Nothing is here"><Empty title="There is no such place in the console." acts={<Go to="/" className="button">Today</Go>}>The address may be an old one.</Empty></Screen>
}
