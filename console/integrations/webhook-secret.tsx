import { Button } from '../components/button.tsx'
import { Dialog } from '../components/dialog.tsx'
import { Secret } from '../components/secret.tsx'
import type { NewSecret } from './webhook-record.ts'

export function WebhookSecret({ made, onClose }: { made: NewSecret; onClose: () => void }) {
  return (
    <Dialog title="The secret of the webhook" onClose={onClose}>
      <p>With it the receiver checks that a message is ours (Standard Webhooks). It is shown this once.</p>
      <Secret value={made.secret} label="Secret" />
      <p className="soft">Or without a secret, by our public key:</p>
      <Secret value={made.publicKey} label="Public key" />
      <div className="acts"><Button look="filled" onClick={onClose}>I have it</Button></div>
    </Dialog>
  )
}
