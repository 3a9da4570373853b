import { useState } from 'react'
import { Button } from '../components/button.tsx'
import { Choice } from '../components/form.tsx'
import { copy, saveFile } from '../components/secret.tsx'

/** Recovery codes, shown this once; nobody goes on without having said that they have them. */
export function Codes({ codes, onKept, submit = 'Go on' }: { codes: readonly string[]; onKept: () => void; submit?: string }) {
  const [kept, setKept] = useState(false)
  const text = `${codes.join('\n')}\n`
  return (
    <>
      <p>Keep these where you will find them without this device. Each lets you in once. They are shown this once.</p>
      <ul className="codes" aria-label="Recovery codes">{codes.map((code) => <li key={code}>{code}</li>)}</ul>
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
