import { Navigate } from '@tanstack/react-router'
import { useState } from 'react'
import { useSession } from '../api/session.ts'
import { Door } from '../components/door.tsx'
import { useFilters } from '../components/filters.ts'
import { Go } from '../components/go.tsx'
import { Refused } from '../federation/refused.tsx'
import { nextIn } from './api.ts'
import { linkOf, returnPlace } from './return-place.ts'
import { SignIn } from './sign-in.tsx'

/**
 * The sign-in at its own address: where providers send people back to, with what is still to be shown, or with the reason
 * when one was refused. A cookie of the server knows how far they have come; the address only says which step to draw.
 */
export default function SignInPage() {
  const session = useSession()
  const [filters, setFilters] = useFilters()
  // As the page was opened: on the way to the place, the address is the place's already.
  const [place] = useState(() => returnPlace(filters['return']))
  const [wasOut, setWasOut] = useState(false)
  if (session.data === null && !wasOut) setWasOut(true)
  const reason = filters['problem']
  const notice = reason !== undefined && <Refused reason={reason} />
  // A refusal that somebody comes back with who is signed in all along.
  if (session.data && notice && !wasOut) return <Door title="Not done" also={<Go to={place}>Go to the console</Go>}>{notice}</Door>
  if (session.data) return <Navigate {...linkOf(place)} replace />
  const next = nextIn(filters)
  return <SignIn key={next?.next ?? 'begin'} notice={notice} to={place} {...(next === undefined ? {} : { afterProvider: next })} onAgain={() => setFilters({ next: undefined, ways: undefined, problem: undefined })} />
}
