import { useState } from 'react'
import { Button } from '../components/button.tsx'
import { Choice } from '../components/form.tsx'
import { copy, saveFile } from '../components/secret.tsx'
import { RECOVERY_WORDS } from '../key/recovery-key.tsx'

/** Recovery codes, shown this once; nobody goes on without having said that they have them. */
/** @param recoveryKey of the encryption key, where one was made just now */
export function Codes({ codes, recoveryKey, onKept, submit = 'Go on' }: { codes: readonly string[]; recoveryKey?: string | undefined; onKept: () => void; submit?: string }) {
  const [kept, setKept] = useState(false)
  const text = `${codes.join('\n')}\n${recoveryKey === undefined ? '' : `\nRecovery key of the encryption key:\n${recoveryKey}\n`}`
  return (
    <>
      <p>Keep these where you will find them without this device. Each lets you in once. They are shown this once.</p>
      <ul className="codes" aria-label="Recovery codes">{codes.map((code) => <li key={code}>{code}</li>)}</ul>
      {recoveryKey !== undefined && (
        <>
          <p>This is the recovery key of your encryption key. {RECOVERY_WORDS}</p>
          <ul className="codes" aria-label="Recovery key"><li>{recoveryKey}</li></ul>
        </>
      )}
      <div className="acts">
        <Button onClick={() => copy(text)}>Copy</Button>
        <Button onClick={() => saveFile('recovery-codes.txt', 'text/plain', text)}>Save as a file</Button>
        <Button onClick={() => window.print()}>Print</Button>
      </div>
      <div className="acts"><Choice label="I have kept them" checked={kept} onChange={setKept} /></div>
      <Button look="filled" wide disabled={!kept} aria-disabled={kept ? undefined : true} onClick={onKept}>{submit}</Button>
    </>
  )
}
