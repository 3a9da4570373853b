import { get, headerLines, redirectOf, siteUrl } from '../http/request.ts'
import type { HttpAnswer } from '../http/request.ts'
import type { Visit } from '../visit.ts'
import { MAX_FILE_BYTES, parseSecurityText } from './document.ts'
import { judgeSecurityText } from './judgement.ts'
import type { SecurityText } from './document.ts'
import type { Judgement } from './judgement.ts'

const MAX_HOPS = 5
const WELL_KNOWN = '/.well-known/security.txt'
const OLD_PLACE = '/security.txt'

/** How the file was had, or why not. */
export type Retrieval =
  | { kind: 'file'; answer: HttpAnswer; hops: readonly string[]; transportFaults: readonly string[]; document: SecurityText; judgement: Judgement }
  | { kind: 'absent'; status: number; /** There is one at /security.txt, where it does not count. */ atOldPlace: boolean }
  | { kind: 'broken'; status: number } // the server fails just now
  | { kind: 'misled'; reason: string; hops: readonly string[] } // redirects that lead nowhere good

/** Gets and reads the file (RFC 9116 §3); shared by the checks of a visit. @throws ProbeError */
export function securityText(visit: Visit): Promise<Retrieval> {
  return visit.once('security.txt', async () => {
    const start = siteUrl(visit, WELL_KNOWN)
    const hops: string[] = []
    let url = start
    let answer: HttpAnswer
    const chainFaults: string[] = []
    for (;;) {
      answer = await get(visit, url, MAX_FILE_BYTES + 1)
      chainFaults.push(...answer.certificateFaults)
      const next = redirectOf(answer)
      if (next === undefined) break
      hops.push(next.href)
      if (next.protocol !== 'https:') return { kind: 'misled', reason: 'it is redirected to an address without https', hops }
      if (hops.length > MAX_HOPS || hops.indexOf(next.href) < hops.length - 1 || next.href === start.href) return { kind: 'misled', reason: 'its redirects run in a circle', hops }
      url = next
    }
    if (answer.status >= 500) return { kind: 'broken', status: answer.status }
    if (answer.status !== 200) return { kind: 'absent', status: answer.status, atOldPlace: await isAtOldPlace(visit) }
    const document = parseSecurityText(answer.body)
    const judgement = judgeSecurityText(document, [start.href, url.href], visit.options.at)
    return { kind: 'file', answer, hops, transportFaults: [...new Set([...chainFaults, ...transportFaults(answer)])], document, judgement }
  })
}

async function isAtOldPlace(visit: Visit): Promise<boolean> {
  const answer = await get(visit, siteUrl(visit, OLD_PLACE), MAX_FILE_BYTES + 1).catch(() => undefined)
  return answer?.status === 200 && parseSecurityText(answer.body).fields.some((field) => field.name === 'contact')
}

/** RFC 9116 §3: media type text/plain, character set UTF-8; and sent as it is, since we asked for no compression. */
function transportFaults(answer: HttpAnswer): string[] {
  const types = headerLines(answer, 'content-type')
  const faults: string[] = []
  const [media = '', ...parameters] = (types[0] ?? '').split(';').map((part) => part.trim().toLowerCase())
  if (types.length === 0) faults.push('no Content-Type is sent')
  else if (media !== 'text/plain') faults.push('the Content-Type is not text/plain')
  else {
    const charset = parameters.find((parameter) => parameter.startsWith('charset='))?.slice('charset='.length).replaceAll('"', '')
    if (charset === undefined) faults.push('the Content-Type does not say charset=utf-8')
    else if (charset !== 'utf-8') faults.push('the Content-Type names another character set than utf-8')
  }
  if (headerLines(answer, 'content-encoding').some((value) => value.trim().toLowerCase() !== 'identity')) faults.push('the file is sent compressed to a client that did not ask for it')
  return faults
}
