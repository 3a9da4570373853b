import { useNavigate } from '@tanstack/react-router'
import { useQueryClient } from '@tanstack/react-query'
import type { ReactNode } from 'react'
import { SESSION_KEY } from '../api/session.ts'
import { Door } from '../components/door.tsx'
import { Go } from '../components/go.tsx'
import type { Next } from './api.ts'
import { SignInForm } from './sign-in-form.tsx'

export interface SignInProps {
  notice?: ReactNode
  /** A provider has vouched for them already, and this is still to be shown. */
  afterProvider?: Next
  /** Where an enrolment ends. */
  to?: string
  /** Begins anew, without what the address says. */
  onAgain?: () => void
}

/** Shown at whatever address was asked for, which comes up once somebody has signed in. */
export function SignIn({ notice, afterProvider, to = '/', onAgain }: SignInProps) {
  const navigate = useNavigate()
  const queries = useQueryClient()
  return (
    <Door title="Sign in" lead="The console of this installation is for its people." also={<><Go to="/forgotten">Forgotten your password?</Go><a href="/">See the public page</a></>}>
      {notice}
      <SignInForm to={to} {...(afterProvider === undefined ? {} : { afterProvider })} {...(onAgain === undefined ? {} : { onAgain })} onDone={() => queries.invalidateQueries({ queryKey: SESSION_KEY })} onSetUp={() => void navigate({ to: '/set-up' })} />
    </Door>
  )
}
