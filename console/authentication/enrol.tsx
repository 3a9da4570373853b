import { useQueryClient } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { useState } from 'react'
import { problemOf } from '../api/problem.ts'
import { SESSION_KEY } from '../api/session.ts'
import { NewPassword } from '../account/password.tsx'
import { Button } from '../components/button.tsx'
import { Failure } from '../components/failure.tsx'
import { Form } from '../components/form.tsx'
import { firstKey } from '../key/first-key.ts'
import { atTheDoor, attest } from './api.ts'
import { Codes } from './codes.tsx'
import { linkOf } from './return-place.ts'
import { type TotpOffer, TotpSecret } from './totp-secret.tsx'

/** What an enrolment leads to: one more thing to set up, or a session and, this once, the recovery codes. */
type Enrolled = { next: 'totp' } | { next: 'done'; recoveryCodes: readonly string[] }

type Step = { kind: 'choose' } | { kind: 'password' } | { kind: 'totp'; offer: TotpOffer } | { kind: 'codes'; codes: readonly string[]; recoveryKey?: string | undefined }

/** First ways to sign in: a passkey, or a password and an authenticator app; then recovery codes. */
/** @param passwordKept something else was shown already: a password, or a provider's word */
export function Enrol({ passwordKept = false, to = '/' }: { passwordKept?: boolean; to?: string }) {
  const [step, setStep] = useState<Step>({ kind: 'choose' })
  const [password, setPassword] = useState('')
  const [failed, setFailed] = useState<unknown>()
  const queries = useQueryClient()
  const navigate = useNavigate()
  const enter = async (): Promise<void> => {
    await queries.invalidateQueries({ queryKey: SESSION_KEY })
    await navigate(linkOf(to))
  }
  const app = async (): Promise<void> => setStep({ kind: 'totp', offer: await atTheDoor<TotpOffer>('/enrolment/totp/options') })
  const go = async (enrolled: Enrolled, byPasskey = false): Promise<void> => {
    if (enrolled.next === 'totp') return app()
    if (enrolled.recoveryCodes.length === 0) return enter()
    setStep({ kind: 'codes', codes: enrolled.recoveryCodes, recoveryKey: byPasskey ? await firstKey() : undefined })
  }
  const tried = (work: () => Promise<void>) => async (): Promise<void> => {
    setFailed(undefined)
    try {
      await work()
    } catch (thrown) {
      setFailed(problemOf(thrown))
    }
  }
  const passkey = tried(async () => go(await attest<Enrolled>('/enrolment/passkey', atTheDoor), true))
  if (step.kind === 'codes') return <Codes codes={step.codes} recoveryKey={step.recoveryKey} submit="Go to the console" onKept={() => void enter()} />
  if (step.kind === 'totp') return <TotpSecret offer={step.offer} submit="Go on" onCode={async (code) => go(await atTheDoor<Enrolled>('/enrolment/totp', { code }))} />
  if (step.kind === 'password') {
    return (
      <>
        <Form submit="Go on" wide onSubmit={async () => { await go(await atTheDoor<Enrolled>('/enrolment/password', { password })) }}>
          <NewPassword value={password} onChange={setPassword} autoFocus />
        </Form>
        <div className="also"><button type="button" className="link" onClick={() => setStep({ kind: 'choose' })}>Use a passkey instead</button></div>
      </>
    )
  }
  return (
    <>
      {failed !== undefined && <Failure error={failed} />}
      <p>A passkey signs you in with your device’s fingerprint, face or code. Nobody can guess it, and nobody can ask it out of you. Your device may ask twice: for the passkey, and for the encryption key that it opens for you.</p>
      <div className="acts"><Button look="filled" wide onClick={passkey}>Make a passkey</Button></div>
      <div className="or"><span>or</span></div>
      {passwordKept ? <Button wide onClick={tried(app)}>Set up an authenticator app</Button> : <Button wide onClick={() => setStep({ kind: 'password' })}>Password and authenticator app</Button>}
    </>
  )
}
