import type { IncomingMessage, OutgoingHttpHeader, ServerResponse } from 'node:http'
import { answer, type Answer, type Sealed } from '../site/index.ts'
import { beganHere } from './nearness.ts'
import type { OwnHosts } from './own-hosts.ts'
import { mayPreview, type PreviewPass } from './preview.ts'
import type { SharedFace } from './public-face.ts'
import type { ReadyPages } from './site-routes.ts'

/** What may be sent to this request at once, if it is known without asking anything; else the request goes the whole way. */
export type Ready = (incoming: IncomingMessage) => Sealed | undefined

export interface ReadyParts {
  /** Undefined until the pages are mounted. */
  pages(): ReadyPages | undefined
  hosts: Pick<OwnHosts, 'knows'>
  face: Pick<SharedFace, 'known'>
  pass: PreviewPass
  now(): Date
}

/** Decides as the router does, on what is known already; where anything is not, the router finds it out. */
export function readyFor({ pages, hosts, face, pass, now }: ReadyParts): Ready {
  return (incoming) => {
    const { url = '', headers } = incoming
    const found = pages()?.at(url)
    if (found === undefined || !hosts.knows(headers.host ?? '')) return undefined
    if (!found.preview) return found.sealed
    const known = face.known()
    return known && mayPreview({ operator: false, near: beganHere(incoming), cookies: headers.cookie }, known, pass, now()) ? found.sealed : undefined
  }
}

/**
 * Answers GET and HEAD with a page that lies ready, before the router: most of what readers ask for is this one thing.
 * INVARIANT: byte for byte what the router would have answered; server.test.ts compares both.
 * @returns whether the request is answered
 */
export function answerReady(ready: Ready, incoming: IncomingMessage, outgoing: ServerResponse): boolean {
  const { method, headers } = incoming
  if (method !== 'GET' && method !== 'HEAD') return false
  // A body nobody expects is the router's to deal with.
  if (headers['content-length'] !== undefined || headers['transfer-encoding'] !== undefined || headers.expect !== undefined) return false
  const sealed = ready(incoming)
  if (sealed === undefined) return false
  const { status, fields, body } = writtenFor(sealed, method, headers['if-none-match'], headers['accept-encoding'])
  outgoing.writeHead(status, fields)
  if (body === null) outgoing.end()
  else outgoing.end(body)
  return true
}

interface Written {
  status: number
  fields: OutgoingHttpHeader[]
  body: Buffer | null
}

// Browsers send some few values of Accept-Encoding; whoever invents more has each answer put together anew.
const MOST_WRITTEN = 32
const written = new WeakMap<Sealed, Map<string, Written>>()

/** An answer, put together once for each page and way of asking; validators are too many to keep answers for. */
function writtenFor(sealed: Sealed, method: string, ifNoneMatch: string | undefined, acceptEncoding: string | undefined): Written {
  const key = `${method} ${acceptEncoding ?? '-'}`
  const kept = ifNoneMatch === undefined ? written.get(sealed)?.get(key) : undefined
  if (kept) return kept
  const made = answer(sealed, { method, ifNoneMatch, acceptEncoding })
  const one: Written = { status: made.status, fields: flat(made), body: made.body }
  if (ifNoneMatch !== undefined) return one
  const all = written.get(sealed) ?? new Map<string, Written>()
  if (all.size < MOST_WRITTEN) written.set(sealed, all.set(key, one))
  return one
}

/** Names and values in turn, which Node writes as they are instead of keeping them for questions that nobody asks. */
function flat({ headers }: Answer): OutgoingHttpHeader[] {
  const list: string[] = []
  for (const name in headers) list.push(name, headers[name]!)
  return list
}
