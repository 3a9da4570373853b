import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { get } from '../api/client.ts'
import { useSession } from '../api/session.ts'
import { SessionsOf } from '../authentication/sessions-of.tsx'
import { TokensOf } from '../authentication/tokens-of.tsx'
import type { WaysRecord } from '../authentication/ways-record.ts'
import { SelectField } from '../components/form.tsx'
import { Loaded } from '../components/record.tsx'
import { chooseScheme, chosenScheme, type Scheme } from '../components/scheme.ts'
import { Part, Screen } from '../components/screen.tsx'
import { OwnAccounts } from '../federation/own-accounts.tsx'
import { Keys } from './keys.tsx'
import { Passkeys } from './passkeys.tsx'
import { Password } from './password.tsx'
import { RecoveryCodes } from './recovery-codes.tsx'
import { SigningPasskeys } from './signing-passkeys.tsx'
import { Totp } from './totp.tsx'

const WAYS_PATH = '/credentials'

/** What is one's own: how one signs in, and where one is signed in. */
export default function Account() {
  const session = useSession()
  const queries = useQueryClient()
  const query = useQuery({ queryKey: [WAYS_PATH], queryFn: ({ signal }) => get<WaysRecord>(WAYS_PATH, undefined, signal) })
  const again = (): Promise<void> => queries.invalidateQueries({ queryKey: [WAYS_PATH] })
  const person = session.data?.person
  return (
    <Screen title="Your account">
      {person && <p className="soft who">{person.displayName}{person.email && `, ${person.email}`}</p>}
      <Loaded query={query} lines={10}>
        {(ways) => (
          <>
            <Passkeys passkeys={ways.passkeys ?? []} onChanged={again} />
            <Password ways={ways} onChanged={again} />
            <Totp ways={ways} onChanged={again} />
            <RecoveryCodes ways={ways} onChanged={again} />
            <OwnAccounts />
            <Keys />
            <SigningPasskeys />
          </>
        )}
      </Loaded>
      <SessionsOf />
      <TokensOf owner={{ kind: 'self' }} />
      <Part title="Colours"><Colours /></Part>
    </Screen>
  )
}

function Colours() {
  const [scheme, setScheme] = useState<Scheme>(chosenScheme())
  const choose = (next: Scheme): void => {
    chooseScheme(next)
    setScheme(next)
  }
  return <div className="part-body"><SelectField label="Colours" name="scheme" hint="In this browser." value={scheme} onChange={choose} choices={[['system', 'as the system has them'], ['light', 'light'], ['dark', 'dark']]} /></div>
}
