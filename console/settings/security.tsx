import { useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { useMay } from '../api/access.ts'
import { type Reply, send } from '../api/client.ts'
import { problemOf } from '../api/problem.ts'
import { Button } from '../components/button.tsx'
import { Fact, Facts } from '../components/facts.tsx'
import { Loaded, useRecord } from '../components/record.tsx'
import { type RecordField, RecordForm } from '../components/record-form.tsx'
import { Part, Screen } from '../components/screen.tsx'
import { say } from '../components/toast.tsx'
import { PickPerson } from '../identity/pick-person.tsx'
import { BreakGlass } from './break-glass.tsx'

export interface SecurityRecord {
  requireSecondFactor?: boolean
  requireSingleSignOn?: boolean
  breakGlass?: readonly string[]
  networkAllowList?: readonly string[]
  idleMinutes?: number
  absoluteHours?: number
  tokenDays?: number
}

const PATH = '/security-settings'
const YES = [['true', 'Yes'], ['false', 'No']] as const

const FIELDS: readonly RecordField<SecurityRecord>[] = [
  { name: 'requireSecondFactor', label: 'Require a second factor', choices: YES, hint: 'Whoever signs in with a password shows a second factor. A passkey is two in one.' },
  { name: 'requireSingleSignOn', label: 'Require single sign-on', choices: YES, hint: 'Everybody signs in at an identity provider, but for the owners named below.' },
  { name: 'networkAllowList', label: 'Networks', rows: 4, hint: 'One a line, such as 203.0.113.0/24. Nobody gets in from elsewhere; empty: from everywhere.' },
  { name: 'idleMinutes', label: 'Sessions end unused after (minutes)', type: 'number' },
  { name: 'absoluteHours', label: 'Sessions end at the latest after (hours)', type: 'number' },
  { name: 'tokenDays', label: 'API tokens live at most (days)', type: 'number' },
]

function toApi(name: string, text: string): unknown {
  if (name === 'networkAllowList') return text.split(/[\s,]+/).filter(Boolean)
  if (name.startsWith('require')) return text === 'true'
  return Number(text)
}

/** How people get in, and for how long they stay. */
export default function Security() {
  const query = useRecord<SecurityRecord>(PATH)
  const queries = useQueryClient()
  const may = useMay()
  const [picking, setPicking] = useState(false)
  const mayChange = may({ verb: 'act', record: 'security-setting', name: 'change' })
  const fields = FIELDS.filter(({ name }) => may({ verb: 'write', record: 'security-setting', name }))
  const saved = (reply: Reply<SecurityRecord>): void => {
    queries.setQueryData([PATH], reply)
    say('Saved. It holds from the next request.')
  }
  const change = async (breakGlass: readonly string[]): Promise<void> => {
    const { data } = query
    try {
      saved(await send<SecurityRecord>('PATCH', PATH, { body: { breakGlass }, ifMatch: data?.etag }))
    } catch (thrown) {
      say(problemOf(thrown).message)
      await query.refetch()
    }
  }
  return (
    <Screen title="Security settings" lead="How people get in, and for how long they stay.">
      <Loaded query={query} lines={14}>
        {(reply) => (
          <>
            <Part title="Signing in">
              <div className="part-body">
                {mayChange && fields.length > 0
                  ? <RecordForm read={reply} fields={fields} toApi={toApi} save={(body, etag) => send<SecurityRecord>('PATCH', PATH, { body, ifMatch: etag })} reload={() => send<SecurityRecord>('GET', PATH)} onSaved={saved} />
                  : <Facts>{FIELDS.map(({ name, label, choices }) => <Fact key={name} title={label}>{shown(reply.body[name], choices)}</Fact>)}</Facts>}
              </div>
            </Part>
            <Part title="In without single sign-on" acts={mayChange && <Button onClick={() => setPicking(true)}>Name an owner</Button>}>
              <p className="soft">Identity providers fail. These owners may still sign in here when they do; keep at least two.</p>
              <BreakGlass ids={reply.body.breakGlass ?? []} {...(mayChange ? { onRemove: (id) => change((reply.body.breakGlass ?? []).filter((other) => other !== id)) } : {})} />
            </Part>
            {picking && <PickPerson title="Name an owner" onClose={() => setPicking(false)} onPick={async (person) => { setPicking(false); await change([...(reply.body.breakGlass ?? []), person.id]) }} />}
          </>
        )}
      </Loaded>
    </Screen>
  )
}

function shown(value: unknown, choices?: readonly (readonly [string, string])[]): string | undefined {
  if (value === undefined) return undefined
  if (Array.isArray(value)) return value.length === 0 ? 'from everywhere' : value.join(', ')
  return choices?.find(([key]) => key === JSON.stringify(value))?.[1] ?? JSON.stringify(value)
}
