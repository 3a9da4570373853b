import { useQuery } from '@tanstack/react-query'
import { useMay } from '../api/access.ts'
import { get } from '../api/client.ts'
import type { Task } from './check-record.ts'
import './check.css'

/** What goes on now; the server tells when it changes. */
export function useTasks() {
  const may = useMay()
  return useQuery({ queryKey: ['/tasks'], queryFn: ({ signal }) => get<{ items: Task[] }>('/tasks', undefined, signal), staleTime: 0, enabled: may({ verb: 'act', record: 'check', name: 'read' }) })
}

/** How far what goes on has come; nothing where nothing does. */
export function UnderWayNow({ what }: { what?: string }) {
  const { data } = useTasks()
  const tasks = data?.items.filter((task) => what === undefined || task.what === what) ?? []
  return tasks.map((task) => <Progress key={`${task.kind} ${task.what} ${task.since}`} task={task} />)
}

function Progress({ task }: { task: Task }) {
  const label = task.kind === 'run' ? `Running ${task.what}` : `Rehearsing ${task.what}`
  const known = task.kind === 'dry-run' && task.of > 0
  return (
    <div className="bar-now" role="status">
      <span>{label}{known && `: ${task.done} of ${task.of} checks`}</span>
      <progress aria-label={label} {...(known ? { value: task.done, max: task.of } : {})} />
    </div>
  )
}
