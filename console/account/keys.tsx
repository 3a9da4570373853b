import { useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { post, remove } from '../api/client.ts'
import { Button } from '../components/button.tsx'
import { Confirm } from '../components/confirm.tsx'
import { Loaded } from '../components/record.tsx'
import { Part } from '../components/screen.tsx'
import { say } from '../components/toast.tsx'
import { When } from '../components/when.tsx'
import { ChooseWrap } from '../key/choose-wrap.tsx'
import { type KeyRecord, KEYS_PATH, type OwnKeys, type OwnPasskey, useOwnKeys, type WrapRecord } from '../key/key-record.ts'
import { OpenKey } from '../key/open-key.tsx'
import { RecoveryKey } from '../key/recovery-key.tsx'
import { type Identity, newIdentity, newRecovery, type NewWrap } from '../key/wrapping.ts'

type Doing = { what: 'make' | 'replace' | 'try' | 'recovery' | 'add-open' } | { what: 'add'; identity: Identity } | { what: 'remove'; wrap: WrapRecord; name: string } | { what: 'shown'; recoveryKey: string }

/** The person's own encryption key: what opens it, and what becomes of it. */
export function Keys() {
  const query = useOwnKeys()
  return <Loaded query={query} lines={4}>{(own) => <OwnKey own={own} />}</Loaded>
}

function OwnKey({ own }: { own: OwnKeys }) {
  const queries = useQueryClient()
  const [doing, setDoing] = useState<Doing>()
  const close = (): void => setDoing(undefined)
  const again = (): Promise<void> => queries.invalidateQueries({ queryKey: [KEYS_PATH] })
  const current = own.keys.find(({ endedAt }) => endedAt === undefined)
  const earlier = own.keys.filter(({ endedAt }) => endedAt !== undefined)
  const make = async (wrapWith: (identity: Identity) => Promise<NewWrap>): Promise<void> => {
    const { identity, recipient } = await newIdentity()
    const daily = await wrapWith(identity)
    const { wrap, recoveryKey } = await newRecovery(identity)
    await post(KEYS_PATH, { recipient, wraps: [daily, wrap] })
    await again()
    setDoing({ what: 'shown', recoveryKey })
  }
  const add = (key: KeyRecord, wrap: NewWrap): Promise<unknown> => post(`${KEYS_PATH}/${key.id}/wraps`, wrap)
  const acts = current === undefined
    ? <Button onClick={() => setDoing({ what: 'make' })}>Make my key</Button>
    : <><Button onClick={() => setDoing({ what: 'try' })}>Try it</Button><Button onClick={() => setDoing({ what: 'add-open' })}>Add a way to open it</Button><Button onClick={() => setDoing({ what: 'recovery' })}>New recovery key</Button><Button look="plain" onClick={() => setDoing({ what: 'replace' })}>Replace the key</Button></>
  return (
    <Part title="Encryption key" acts={acts}>
      {current === undefined ? <p className="soft">None yet. With it you read what only people may read; it is made in your browser, and we never have it.</p> : (
        <>
          <p className="soft">Made <When at={current.createdAt} />. Others encrypt to <code>{current.recipient}</code>; it is in the public log under a random id.</p>
          <Ways of={current} passkeys={own.passkeys} onRemove={(wrap, name) => setDoing({ what: 'remove', wrap, name })} />
          <p className="soft">If you lose everything that opens it, nobody can give it back: not the operator, and not the owners. You make a new key then, and whoever can still read a file encrypts it to you again.</p>
        </>
      )}
      {earlier.length > 0 && <p className="soft">{earlier.length === 1 ? 'One earlier key is kept, wrapped as it was, for what was encrypted to it.' : `${earlier.length} earlier keys are kept, wrapped as they were, for what was encrypted to them.`}</p>}
      {doing?.what === 'make' && <ChooseWrap title="Make my key" passkeys={own.passkeys} onClose={close} onChosen={make} />}
      {doing?.what === 'replace' && <ChooseWrap title="Replace the key" passkeys={own.passkeys} onClose={close} onChosen={make} />}
      {current && doing?.what === 'try' && <OpenKey title="Try the key" of={current} passkeys={own.passkeys} onClose={close} onOpened={async () => { close(); say('It opens your key.') }} />}
      {current && doing?.what === 'add-open' && <OpenKey title="Open the key first" of={current} passkeys={own.passkeys} onClose={close} onOpened={async (identity) => setDoing({ what: 'add', identity })} />}
      {current && doing?.what === 'add' && <ChooseWrap title="Add a way to open it" passkeys={own.passkeys} onClose={close} onChosen={async (wrapWith) => { await add(current, await wrapWith(doing.identity)); await again(); close(); say('Added.') }} />}
      {current && doing?.what === 'recovery' && <OpenKey title="Open the key first" of={current} passkeys={own.passkeys} onClose={close} onOpened={async (identity) => { const { wrap, recoveryKey } = await newRecovery(identity); await add(current, wrap); await again(); setDoing({ what: 'shown', recoveryKey }) }} />}
      {current && doing?.what === 'remove' && (
        <Confirm title={`Remove ${doing.name}`} act="Remove it" onClose={close} onConfirm={async () => { await remove(`${KEYS_PATH}/${current.id}/wraps/${doing.wrap.id}`); await again(); say('Removed.') }}>
          <p>It no longer opens your key.</p>
        </Confirm>
      )}
      {doing?.what === 'shown' && <RecoveryKey recoveryKey={doing.recoveryKey} onKept={close} />}
    </Part>
  )
}

function Ways({ of, passkeys, onRemove }: { of: KeyRecord; passkeys: readonly OwnPasskey[]; onRemove: (wrap: WrapRecord, name: string) => void }) {
  const nameOf = (wrap: WrapRecord): string => (wrap.kind === 'passphrase' ? 'Passphrase' : wrap.kind === 'recovery' ? 'Recovery key' : `Passkey: ${passkeys.find(({ id }) => id === wrap.passkey)?.name ?? 'removed'}`)
  return (
    <table className="list">
      <caption className="hidden">What opens your encryption key</caption>
      <thead><tr><th scope="col">Opened by</th><th scope="col">Since</th><th scope="col"><span className="hidden">Acts</span></th></tr></thead>
      <tbody>
        {of.wraps.map((wrap) => (
          <tr key={wrap.id}>
            <td className="main-cell">{nameOf(wrap)}</td>
            <td data-label="Since"><When at={wrap.createdAt} /></td>
            <td className="end">{wrap.kind !== 'recovery' && <Button look="plain" aria-label={`Remove ${nameOf(wrap)} from the key`} onClick={() => onRemove(wrap, nameOf(wrap))}>Remove</Button>}</td>
          </tr>
        ))}
      </tbody>
    </table>
  )
}
