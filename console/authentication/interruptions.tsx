import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useEffect, useRef, useState } from 'react'
import { get, type Interruption, onInterruption } from '../api/client.ts'
import { SESSION_KEY, type Session } from '../api/session.ts'
import { Dialog } from '../components/dialog.tsx'
import { TextField } from '../components/form.tsx'
import { Skeleton } from '../components/skeleton.tsx'
import { assert, atTheDoor, type SecondFactor } from './api.ts'
import { SecondFactorForm, SignInForm } from './sign-in-form.tsx'

interface Open {
  why: Interruption
  /** Several calls may wait for the same answer. */
  done: ((ok: boolean) => void)[]
}

/**
 * Dialogs that stand between a call and its answer: the session has ended, or the act needs the second factor. The screen
 * below stays as it was, with everything that was filled in.
 */
export function Interruptions() {
  const [open, setOpen] = useState<Open>()
  const current = useRef<Open>(undefined)
  const queries = useQueryClient()
  useEffect(() => {
    onInterruption((why) => new Promise<boolean>((done) => {
      // Nobody has signed in here at all: the frame shows the sign-in itself.
      if (why === 'sign-in' && !queries.getQueryData<Session | null>(SESSION_KEY)) return done(false)
      if (current.current?.why === why) current.current.done.push(done)
      else {
        current.current = { why, done: [done] }
        setOpen(current.current)
      }
    }))
  }, [queries])
  const end = (ok: boolean): void => {
    const { done = [] } = current.current ?? {}
    current.current = undefined
    setOpen(undefined)
    for (const tell of done) tell(ok)
  }
  if (open === undefined) return null
  if (open.why === 'step-up') return <StepUp onDone={() => end(true)} onClose={() => end(false)} />
  const again = async (): Promise<void> => {
    const before = queries.getQueryData<Session | null>(SESSION_KEY)
    await queries.refetchQueries({ queryKey: SESSION_KEY })
    const after = queries.getQueryData<Session | null>(SESSION_KEY)
    // What somebody else has filled in is none of theirs.
    if (before && after && before.person.id !== after.person.id) return window.location.reload()
    end(true)
  }
  const leave = (): void => {
    queries.setQueryData(SESSION_KEY, null)
    end(false)
  }
  return (
    <Dialog title="Sign in again" onClose={leave}>
      <p className="soft">Your session has ended. What you were doing is still here, and goes on once you have signed in.</p>
      <SignInForm onDone={again} />
    </Dialog>
  )
}

function StepUp({ onDone, onClose }: { onDone: () => void; onClose: () => void }) {
  const known = useQuery({ queryKey: ['/step-up'], queryFn: () => get<{ ways: readonly SecondFactor[]; provider?: string }>('/step-up') })
  const [password, setPassword] = useState('')
  const passkey = async (): Promise<void> => {
    await assert('/step-up/passkey', atTheDoor)
    onDone()
  }
  return (
    <Dialog title="Show that it is you" onClose={onClose}>
      <p className="soft">This needs both of your factors again. For the next ten minutes you are not asked again.</p>
      {known.data === undefined ? <Skeleton lines={3} /> : (
        <>
          {known.data.ways.includes('totp') && <TextField label="Password" name="password" type="password" autoComplete="current-password" hint="With the code of the app; a passkey needs none." value={password} onChange={setPassword} />}
          {known.data.ways.length > 0 && <SecondFactorForm ways={known.data.ways} submit="Confirm" onPasskey={passkey} onCode={async (way, code) => { await atTheDoor(`/step-up/${way}`, way === 'password' ? { password: code } : { code, password }); onDone() }} onBack={onClose} />}
          {known.data.ways.length === 0 && (known.data.provider === undefined
            ? <p>Sign out and in again, then do it within ten minutes.</p>
            : <p className="acts"><a className="button wide" href={`/api/v1/federation/${encodeURIComponent(known.data.provider)}/start?${new URLSearchParams({ fresh: '1', return: window.location.pathname })}`}>Sign in again at your provider</a></p>)}
        </>
      )}
    </Dialog>
  )
}
