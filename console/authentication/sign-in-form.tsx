import { lazy, Suspense, useState } from 'react'
import { problemOf } from '../api/problem.ts'
import { Button } from '../components/button.tsx'
import { Failure } from '../components/failure.tsx'
import { Form, TextField } from '../components/form.tsx'
import { Skeleton } from '../components/skeleton.tsx'
import { byPasskey, byPassword, bySecondFactor, type Code, type Next, type SecondFactor, useWays } from './api.ts'
import { returnPlace } from './return-place.ts'

/** Few enrol here, and everybody loads this form. */
const Enrol = lazy(async () => ({ default: (await import('./enrol.tsx')).Enrol }))

export interface SignInFormProps {
  onDone: () => void | Promise<void>
  onSetUp?: () => void
  /** What is still to be shown after a provider's word. */
  afterProvider?: Next
  onAgain?: () => void
  to?: string
}

/** The ways in, one after the other: a passkey, else a password and then a second factor, else a provider and what it leaves to us. */
export function SignInForm({ onDone, onSetUp, afterProvider, onAgain, to = '/' }: SignInFormProps) {
  const known = useWays()
  const [email, setEmail] = useState('')
  const [password, setPassword] = useState('')
  const [second, setSecond] = useState(afterProvider?.next === 'second-factor' ? afterProvider.ways : undefined)
  const [enrolling, setEnrolling] = useState(afterProvider?.next === 'enrol')
  const [failed, setFailed] = useState<unknown>()
  const go = async (next: Next): Promise<void> => {
    if (next.next === 'done') return onDone()
    if (next.next === 'enrol') setEnrolling(true)
    else if (next.next === 'second-factor') setSecond(next.ways)
  }
  const passkey = async (): Promise<void> => {
    setFailed(undefined)
    try {
      await go(await byPasskey())
    } catch (thrown) {
      setFailed(problemOf(thrown))
    }
  }
  const again = (): void => {
    setSecond(undefined)
    setPassword('')
    onAgain?.()
  }
  if (enrolling) {
    return (
      <>
        <p className="notice">{afterProvider ? 'Your provider has told us who you are. Before you come in, set up a second factor that is kept here; from then on you show it after the provider.' : 'Your password needs a second factor before it lets you in.'}</p>
        <Suspense fallback={<Skeleton lines={6} />}><Enrol passwordKept to={to} /></Suspense>
        {afterProvider && <div className="also"><button type="button" className="link" onClick={() => { setEnrolling(false); again() }}>Start again</button></div>}
      </>
    )
  }
  if (second) return <>{afterProvider && <p className="notice">Your provider has told us who you are. Show your second factor here as well.</p>}<SecondFactorForm ways={second} onCode={async (way, code) => go(await bySecondFactor(way, code))} onPasskey={async () => go(await byPasskey())} onBack={again} /></>
  const providers = known.data?.providers ?? []
  return (
    <>
      {failed !== undefined && <Failure error={failed} />}
      <Button look="filled" wide onClick={passkey}>Sign in with a passkey</Button>
      {providers.map((provider) => (
        <p key={provider.id} className="acts"><a className="button wide" href={`/api/v1/federation/${encodeURIComponent(provider.id)}/start?${new URLSearchParams({ return: here() })}`}>Sign in with {provider.title}</a></p>
      ))}
      <div className="or"><span>or with a password</span></div>
      <Form submit="Continue" wide second onSubmit={async () => go(await byPassword(email, password))}>
        <TextField label="E-mail address" name="email" type="email" autoComplete="username webauthn" value={email} onChange={setEmail} required />
        <TextField label="Password" name="password" type="password" autoComplete="current-password" value={password} onChange={setPassword} required />
      </Form>
      {known.data?.setUp && onSetUp && <p className="notice">Nobody has signed in here yet. <button type="button" className="link" onClick={onSetUp}>Set up with the code</button> that the start of Vouchsafe has printed.</p>}
    </>
  )
}

/** Where they come back to: what they asked for, or what the address of the sign-in says. */
const here = (): string => (/\/console\/(sign-in|set-up)/.test(window.location.pathname) ? `/console${returnPlace(new URLSearchParams(window.location.search).get('return') ?? undefined)}` : window.location.pathname + window.location.search)

const TITLES: Readonly<Record<SecondFactor, string>> = { passkey: 'Use a passkey', password: 'Use your password', totp: 'Use the authenticator app', 'recovery-code': 'Use a recovery code' }

/** A code of the authenticator app, a recovery code or a passkey. */
export function SecondFactorForm({ ways: offered, onCode, onPasskey, onBack, submit = 'Continue' }: { ways: readonly SecondFactor[]; onCode: (way: Code, code: string) => Promise<unknown>; onPasskey: () => Promise<unknown>; onBack?: () => void; submit?: string }) {
  const codes = offered.filter((way): way is Code => way !== 'passkey')
  const [way, setWay] = useState<Code | undefined>(codes[0])
  const [code, setCode] = useState('')
  const [failed, setFailed] = useState<unknown>()
  const passkey = async (): Promise<void> => {
    setFailed(undefined)
    try {
      await onPasskey()
    } catch (thrown) {
      setFailed(thrown)
    }
  }
  return (
    <>
      {failed !== undefined && <Failure error={failed} />}
      {offered.includes('passkey') && <Button {...(way === undefined ? { look: 'filled' as const } : {})} wide onClick={passkey}>{TITLES.passkey}</Button>}
      {offered.includes('passkey') && way !== undefined && <div className="or"><span>or</span></div>}
      {way !== undefined && (
        <Form submit={submit} wide onSubmit={() => onCode(way, way === 'password' ? code : code.replaceAll(/\s/g, ''))}>
          {way === 'password'
            ? <TextField key="password" label="Password" name="password" type="password" autoComplete="current-password" value={code} onChange={setCode} autoFocus />
            : way === 'totp' ? <TextField key="totp" label="Code of your authenticator app" name="code" inputMode="numeric" autoComplete="one-time-code" hint="Six digits; each code works once." value={code} onChange={setCode} autoFocus maxLength={12} />
            : <TextField key="recovery" label="Recovery code" name="code" autoComplete="off" hint="One of those you were given when you began; it works once." value={code} onChange={setCode} autoFocus mono maxLength={40} />}
        </Form>
      )}
      <div className="also">
        {codes.filter((other) => other !== way).map((other) => <button key={other} type="button" className="link" onClick={() => { setWay(other); setCode('') }}>{TITLES[other]}</button>)}
        {onBack && <button type="button" className="link" onClick={onBack}>Start again</button>}
      </div>
    </>
  )
}
