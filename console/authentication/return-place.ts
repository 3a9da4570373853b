import { parseFilters } from '../components/filters.ts'

/**
 * Where somebody goes once they have signed in, as a place of the console: `/groups?q=plat`. The text stands in an
 * address that anybody can have made, so that whatever leads elsewhere leads to Today.
 * @param text `/console/groups?q=plat`, as the server writes it
 */
export function returnPlace(text: string | undefined): string {
  if (text === undefined || !/^\/console(?![^/?])/.test(text) || !URL.canParse(text, OWN)) return '/'
  const { pathname, search } = new URL(text, OWN)
  // What climbs out by dots is elsewhere too, and the sign-in is no place to go to after signing in.
  if (!/^\/console(?![^/])/.test(pathname) || /^\/console\/(sign-in|set-up|invitation)(?![^/])/.test(pathname)) return '/'
  const path = pathname.slice('/console'.length).replace(/^\/+/, '/')
  return (path === '' ? '/' : path) + search
}

const OWN = 'https://own.invalid'

/** A place as the router wants it. */
export function linkOf(place: string): { to: string; search: Record<string, string> } {
  const [to = '/', search = ''] = place.split(/\?(.*)/s)
  return { to, search: parseFilters(search) }
}
