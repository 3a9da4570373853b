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
 * INVARIANT: byte for byte what the router would have answered; quick.test.ts compares both.
 * @returns whether the request is answered
 */
export function answerReady(ready: Ready, incoming: IncomingMessage, outgoing: ServerResponse): boolean {
  const { method, headers } = incoming
  if (method !== 'GET' && method !== 'HEAD') return false
  // A body nobody expects is the router's to deal with.
  if (headers['content-length'] !== undefined || headers['transfer-encoding'] !== undefined || headers.expect !== undefined) return false
  const sealed = ready(incoming)
  if (sealed === undefined) return false
  const made = answer(sealed, { method, ifNoneMatch: headers['if-none-match'], acceptEncoding: headers['accept-encoding'] })
  outgoing.writeHead(made.status, flat(made))
  if (made.body === null) outgoing.end()
  else outgoing.end(made.body)
  return true
}

/** Names and values in turn, which Node writes as they are instead of keeping them for questions that nobody asks. */
function flat({ headers }: Answer): OutgoingHttpHeader[] {
  const list: string[] = []
  for (const name in headers) list.push(name, headers[name]!)
  return list
}
