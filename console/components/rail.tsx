import { useRouterState } from '@tanstack/react-router'
import type { ReactNode } from 'react'
import { useMay } from '../api/access.ts'
import type { Place } from '../place.ts'
import { Go } from './go.tsx'

const GROUPS = ['spine', 'people', 'settings'] as const

/** Where one can go: only what one may see. */
export function Rail({ places, organisation, foot, onGo }: { places: readonly Place[]; organisation: string; foot?: ReactNode; onGo?: () => void }) {
  const may = useMay()
  const path = useRouterState({ select: (state) => state.location.pathname })
  const shown = places.filter((place) => place.rail !== undefined && may(place.may))
  const current = shown.filter((place) => path === place.path || path.startsWith(place.path === '/' ? '/ ' : `${place.path}/`)).sort((a, b) => b.path.length - a.path.length)[0]
  return (
    <nav className="rail" aria-label="Console">
      <Go to="/" className="house" {...(onGo ? { onClick: onGo } : {})}><span className="seal" aria-hidden="true" /><span>{organisation}</span></Go>
      {GROUPS.map((group) => {
        const own = shown.filter((place) => place.rail === group)
        return own.length > 0 && (
          <ul role="list" key={group}>
            {own.map((place) => <li key={place.path}><Go to={place.path} {...(onGo ? { onClick: onGo } : {})} {...(place === current ? { 'aria-current': 'page' as const } : {})}>{place.title}</Go></li>)}
          </ul>
        )
      })}
      {foot && <div className="rail-foot">{foot}</div>}
    </nav>
  )
}
