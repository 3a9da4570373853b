import { useState } from 'react'
import { Button } from '../components/button.tsx'
import { Dialog } from '../components/dialog.tsx'
import { Choice } from '../components/form.tsx'
import { saveFile, Secret } from '../components/secret.tsx'

/** What is said wherever a recovery key is shown. */
export const RECOVERY_WORDS = 'It opens your encryption key when your devices are gone. Nobody else has a copy: without a device, your passphrase or this, what only you may read is lost for good.'

/** The recovery key, shown this once. */
export function RecoveryKey({ recoveryKey, onKept }: { recoveryKey: string; onKept: () => void }) {
  const [kept, setKept] = useState(false)
  return (
    <Dialog title="Your recovery key" onClose={() => { if (kept) onKept() }}>
      <p className="part-body">{RECOVERY_WORDS} It is shown this once.</p>
      <Secret value={recoveryKey} label="Recovery key" />
      <div className="acts"><Button onClick={() => saveFile('recovery-key.txt', 'text/plain', `${recoveryKey}\n`)}>Save as a file</Button></div>
      <div className="acts"><Choice label="I have kept it" checked={kept} onChange={setKept} /></div>
      <Button look="filled" wide disabled={!kept} onClick={onKept}>Done</Button>
    </Dialog>
  )
}
