import { useState } from 'react'
import { post } from '../api/client.ts'
import { Codes } from '../authentication/codes.tsx'
import type { WaysRecord } from '../authentication/ways-record.ts'
import { Button } from '../components/button.tsx'
import { Confirm } from '../components/confirm.tsx'
import { Dialog } from '../components/dialog.tsx'
import { Part } from '../components/screen.tsx'

export function RecoveryCodes({ ways, onChanged }: { ways: WaysRecord; onChanged: () => Promise<void> }) {
  const [asking, setAsking] = useState(false)
  const [codes, setCodes] = useState<readonly string[]>()
  const left = ways.recoveryCodes?.left ?? 0
  return (
    <Part title="Recovery codes" acts={<Button onClick={() => setAsking(true)}>Make new ones</Button>}>
      <p className="soft">{left === 0 ? 'You have none. They let you in once each when your phone is gone.' : `${left} left. Each lets you in once, when your phone is gone.`}</p>
      {asking && (
        <Confirm title="Make new recovery codes" act="Make new ones" onClose={() => setAsking(false)} onConfirm={async () => { setCodes((await post<{ recoveryCodes: string[] }>('/credentials/recovery-codes')).recoveryCodes); await onChanged() }}>
          <p>The codes that you have now stop working.</p>
        </Confirm>
      )}
      {codes && <Dialog title="Your recovery codes" onClose={() => setCodes(undefined)}><Codes codes={codes} onKept={() => setCodes(undefined)} /></Dialog>}
    </Part>
  )
}
