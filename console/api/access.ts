import { useQuery } from '@tanstack/react-query'
import { get } from './client.ts'

/** One question about what the person might do with some record of a type. */
export interface Ask {
  verb: 'find' | 'read' | 'write' | 'act'
  record: string
  /** A field or an act. */
  name?: string
}

/** What one might do, by record type, as `GET /me/access` tells it. */
export interface Reach {
  find: boolean
  read: readonly string[]
  write: readonly string[]
  act: readonly string[]
}

export interface MyAccess {
  actor?: { kind: string }
  records: Readonly<Record<string, Reach>>
}

export type May = (ask: Ask | readonly Ask[] | undefined) => boolean

/** Nothing is offered that is not known to be allowed. */
export const mayOf = (access: MyAccess | undefined): May => {
  const one = ({ verb, record, name }: Ask): boolean => {
    const reach = access?.records[record]
    if (reach === undefined) return false
    if (verb === 'find') return reach.find
    return name === undefined ? reach[verb].length > 0 : reach[verb].includes(name)
  }
  return (ask) => ask === undefined || (Array.isArray(ask) ? (ask as readonly Ask[]).some(one) : one(ask as Ask))
}

export const ACCESS_KEY = ['/me/access'] as const

/** What may be offered to whoever has signed in; until it is known, nothing. */
export function useMay(): May {
  const { data } = useQuery({ queryKey: ACCESS_KEY, queryFn: ({ signal }) => myAccess(signal), staleTime: 60_000 })
  return mayOf(data)
}

async function myAccess(signal: AbortSignal): Promise<MyAccess> {
  const ask = (): Promise<MyAccess> => get<MyAccess>('/me/access', undefined, signal)
  const access = await ask()
  if (access.actor?.kind !== 'anyone') return access
  // The session is over, and this address answers anybody: one that does not has them asked to sign in again, instead of a
  // screen that quietly offers nothing any more.
  return get('/session', undefined, signal).then(ask, () => access)
}
