import { Door } from '../components/door.tsx'
export default function Screen() { return <Door title="Soon">…</Door> }
