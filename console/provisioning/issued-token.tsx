import { Button } from '../components/button.tsx'
import { Dialog } from '../components/dialog.tsx'
import { Secret } from '../components/secret.tsx'
import type { Issued } from './directory-record.ts'

export function IssuedToken({ issued, onClose }: { issued: Issued; onClose: () => void }) {
  return (
    <Dialog title="What the directory needs" onClose={onClose}>
      <p>Enter both at your directory. The token is shown this once.</p>
      <h3>Address</h3>
      <Secret value={issued.address} label="Address for the directory" />
      <h3>Token</h3>
      <Secret value={issued.token} label="Token for the directory" />
      <div className="acts"><Button look="filled" onClick={onClose}>I have both</Button></div>
    </Dialog>
  )
}
