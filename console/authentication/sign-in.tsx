import { useNavigate } from '@tanstack/react-router'
import { useQueryClient } from '@tanstack/react-query'
import type { ReactNode } from 'react'
import { SESSION_KEY } from '../api/session.ts'
import { Door } from '../components/door.tsx'
import { Go } from '../components/go.tsx'
import { SignInForm } from './sign-in-form.tsx'

/** Shown at whatever address was asked for, which comes up once somebody has signed in. */
export function SignIn({ notice }: { notice?: ReactNode }) {
  const navigate = useNavigate()
  const queries = useQueryClient()
  return (
    <Door title="Sign in" lead="The console of this installation is for its people." also={<><Go to="/forgotten">Forgotten your password?</Go><a href="/">See the public page</a></>}>
      {notice}
      <SignInForm onDone={() => queries.invalidateQueries({ queryKey: SESSION_KEY })} onSetUp={() => void navigate({ to: '/set-up' })} />
    </Door>
  )
}
