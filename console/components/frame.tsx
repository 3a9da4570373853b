import { Outlet, useNavigate } from '@tanstack/react-router'
import { useQueryClient } from '@tanstack/react-query'
import { useEffect, useState } from 'react'
import { useSession } from '../api/session.ts'
import { listenForChanges } from '../api/stream.ts'
import { signOut } from '../authentication/sign-out.ts'
import { SignIn } from '../authentication/sign-in.tsx'
import type { Place } from '../place.ts'
import { Button } from './button.tsx'
import { Dialog } from './dialog.tsx'
import { Door } from './door.tsx'
import { Failure } from './failure.tsx'
import { Palette, Shortcuts } from './palette.tsx'
import { onOpenPalette } from './palette-door.ts'
import { Rail } from './rail.tsx'
import { chooseScheme } from './scheme.ts'
import { listenForShortcuts, useCommands, useShortcuts } from './shortcut.ts'
import { Skeleton } from './skeleton.tsx'

/** What stands around every screen of those who have signed in; for anybody else, the sign-in, at the address they asked for. */
export function Frame({ places }: { places: readonly Place[] }) {
  const session = useSession()
  if (session.isPending) return <div className="frame" aria-busy="true"><div className="rail" /><main className="sheet"><Skeleton lines={6} /></main></div>
  if (session.isError) return <Door title="Vouchsafe"><Failure error={session.error} retry={() => void session.refetch()} /></Door>
  if (session.data === null) return <SignIn />
  return <SignedIn places={places} organisation={session.data.organisation ?? 'Vouchsafe'} person={session.data.person.displayName} />
}

function SignedIn({ places, organisation, person }: { places: readonly Place[]; organisation: string; person: string }) {
  const [open, setOpen] = useState<'palette' | 'keys' | 'rail'>()
  const close = (): void => setOpen(undefined)
  const navigate = useNavigate()
  const queries = useQueryClient()
  useEffect(() => listenForShortcuts(), [])
  useEffect(() => listenForChanges(queries), [queries])
  useEffect(() => {
    onOpenPalette(() => setOpen('palette'))
    const onKey = (event: KeyboardEvent): void => {
      if (event.key.toLowerCase() !== 'k' || !(event.ctrlKey || event.metaKey) || event.altKey || event.shiftKey) return
      event.preventDefault()
      if (document.querySelector('dialog:modal:not(.palette)') === null) setOpen((before) => (before === 'palette' ? undefined : 'palette'))
    }
    document.addEventListener('keydown', onKey)
    return () => {
      document.removeEventListener('keydown', onKey)
      onOpenPalette(() => {})
    }
  }, [])
  useShortcuts([
    { keys: '?', title: 'Show these keys', run: () => setOpen('keys') },
    ...places.filter((place) => place.keys !== undefined).map((place) => ({ keys: place.keys as string, title: `Go to ${place.title}`, run: () => void navigate({ to: place.path }) })),
  ])
  useCommands([
    { title: 'Show all keys', keys: '?', also: 'shortcuts help keyboard', always: true, run: () => setOpen('keys') },
    { title: 'Light colours', also: 'theme scheme', always: true, run: () => chooseScheme('light') },
    { title: 'Dark colours', also: 'theme scheme night', always: true, run: () => chooseScheme('dark') },
    { title: 'Colours of the system', also: 'theme scheme', always: true, run: () => chooseScheme('system') },
    { title: 'See the public page', always: true, run: () => window.location.assign('/') },
    { title: 'Sign out', also: 'log out leave', always: true, run: () => void signOut(queries) },
  ])
  const foot = (
    <>
      <Button look="plain" onClick={() => { close(); void navigate({ to: '/account' }) }}>{person}</Button>
      <Button look="plain" onClick={() => signOut(queries)}>Sign out</Button>
    </>
  )
  return (
    <>
      <a className="skip" href="#sheet" onClick={(event) => { event.preventDefault(); document.getElementById('sheet')?.focus() }}>Skip to the content</a>
      <div className="frame">
        <Rail places={places} organisation={organisation} foot={foot} />
        <header className="top">
          <Button look="plain" aria-haspopup="dialog" onClick={() => setOpen('rail')}>Menu</Button>
          <span className="house"><span className="seal" aria-hidden="true" /><span>{organisation}</span></span>
          <Button look="plain" aria-haspopup="dialog" onClick={() => setOpen('palette')}>Go to</Button>
        </header>
        <main className="sheet" id="sheet" tabIndex={-1}><Outlet /></main>
      </div>
      {open === 'palette' && <Palette places={places} onClose={close} />}
      {open === 'keys' && <Shortcuts onClose={close} />}
      {open === 'rail' && <Dialog title="Places" untitled className="drawer" onClose={close}><Rail places={places} organisation={organisation} foot={foot} onGo={close} /></Dialog>}
    </>
  )
}
