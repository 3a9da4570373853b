import { createRootRoute, createRoute, createRouter, lazyRouteComponent, Outlet } from '@tanstack/react-router'
import { Failure } from './components/failure.tsx'
import { parseFilters, writeFilters } from './components/filters.ts'
import { Frame } from './components/frame.tsx'
import { Lost } from './components/lost.tsx'
import { Skeleton } from './components/skeleton.tsx'
import type { Place } from './place.ts'

/** The routes, made of the list of places: those behind the sign-in stand in the frame. */
export function routerOf(places: readonly Place[]) {
  const root = createRootRoute({ component: Outlet, notFoundComponent: Lost, errorComponent: ({ error, reset }) => <Failure error={error} retry={reset} /> })
  const frame = createRoute({ getParentRoute: () => root, id: 'frame', component: () => <Frame places={places} /> })
  const routes = (doors: boolean) => places.filter((place) => (place.door === true) === doors).map((place) => createRoute({ getParentRoute: () => (doors ? root : frame), path: place.path, component: lazyRouteComponent(place.screen) }))
  const lost = createRoute({ getParentRoute: () => frame, path: '$', component: Lost })
  const tree = root.addChildren([frame.addChildren([...routes(false), lost]), ...routes(true)])
  return createRouter({
    routeTree: tree,
    basepath: '/console',
    parseSearch: parseFilters,
    stringifySearch: writeFilters,
    defaultPreload: 'intent',
    scrollRestoration: true,
    defaultPendingComponent: () => <Skeleton lines={8} />,
    defaultPendingMs: 200,
  })
}
