import { type ReactNode, useState } from 'react'
import { problemOf } from '../api/problem.ts'
import { Button } from './button.tsx'
import { Dialog } from './dialog.tsx'
import { Failure } from './failure.tsx'

/** A dangerous act: names what will happen, and does it once it is said again. It closes only when it is done. */
export function Confirm({ title, act, onConfirm, onClose, children }: { title: string; act: string; onConfirm: () => Promise<unknown>; onClose: () => void; children: ReactNode }) {
  const [failed, setFailed] = useState<unknown>()
  const confirm = async (): Promise<void> => {
    setFailed(undefined)
    try {
      await onConfirm()
    } catch (thrown) {
      setFailed(problemOf(thrown))
      return
    }
    onClose()
  }
  return (
    <Dialog title={title} onClose={onClose}>
      {children}
      {failed !== undefined && <Failure error={failed} />}
      <div className="acts">
        <Button look="filled danger" onClick={confirm}>{act}</Button>
        <Button onClick={onClose} data-begin>Leave it</Button>
      </div>
    </Dialog>
  )
}
