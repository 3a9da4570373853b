import { createHash, randomBytes } from 'node:crypto'

/** Lets the operator's own browser see what is not published: a link that works once, then a cookie. */
export interface PreviewPass {
  /** Makes a link's token: 256 random bits, good once, for ten minutes. */
  issue(at: Date): { token: string; until: Date }
  /** Takes a token for the value of a cookie, once. `undefined` for one that is wrong, used or too old. */
  redeem(token: string, at: Date): string | undefined
  /** Whether a Cookie header holds such a value. */
  admits(cookies: string | undefined, at: Date): boolean
}

export const PREVIEW_COOKIE = 'vouchsafe-preview'
const LINK_MS = 10 * 60_000 // from a terminal to a browser
/** A working day; it ends with the process too, since nothing of this is kept. */
export const PREVIEW_SECONDS = 12 * 3600
const MOST = 20 // of links, and of browsers: one or two people look

/** Held in memory as digests: what is looked up tells nothing by how long it takes, and a dump of memory opens no page. */
export function createPreviewPass(): PreviewPass {
  const links = new Map<string, number>()
  const browsers = new Map<string, number>()
  const add = (to: Map<string, number>, until: number): string => {
    const secret = randomBytes(32).toString('base64url')
    const oldest = to.keys().next().value
    if (to.size >= MOST && oldest !== undefined) to.delete(oldest)
    to.set(digestOf(secret), until)
    return secret
  }
  return {
    issue(at) {
      const until = at.getTime() + LINK_MS
      return { token: add(links, until), until: new Date(until) }
    },
    redeem(token, at) {
      const key = digestOf(token)
      const until = links.get(key)
      links.delete(key)
      return until !== undefined && at.getTime() < until ? add(browsers, at.getTime() + PREVIEW_SECONDS * 1000) : undefined
    },
    admits(cookies, at) {
      if (cookies === undefined || browsers.size === 0) return false
      const value = new RegExp(`(?:^|; ?)${PREVIEW_COOKIE}=([\\w-]{43})(?:;|$)`).exec(cookies)?.[1]
      const until = value === undefined ? undefined : browsers.get(digestOf(value))
      return until !== undefined && at.getTime() < until
    },
  }
}

const digestOf = (secret: string): string => createHash('sha256').update(secret).digest('base64url')

/** Who asks, as far as a preview goes. */
export interface Viewer {
  /** Through the operator's socket. */
  operator: boolean
  /** Began on this machine, as far as can be told from the request. */
  near: boolean
  cookies: string | undefined
}

/**
 * Whether what is not published may be shown. INVARIANT: nearness counts only before there is anything to be public: a
 * reverse proxy on this machine can look exactly like somebody here, so from the first publication on, or once a public
 * address is set, only the operator's socket and a browser that was let in by a link of the operator's see a preview.
 */
export function mayPreview(viewer: Viewer, face: { begun: boolean; addressed: boolean }, pass: PreviewPass, at: Date): boolean {
  return viewer.operator || (viewer.near && !face.begun && !face.addressed) || pass.admits(viewer.cookies, at)
}
