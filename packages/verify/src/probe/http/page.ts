import type { Visit } from '../visit.ts'
import { get, redirectOf, siteUrl } from './request.ts'
import type { HttpAnswer } from './request.ts'

// Sign-in pages are often two or three redirects away; more is a loop.
const MAX_HOPS = 5

/** The site's front page and the redirects on the way to it, as long as they stay on the site. */
export interface Front {
  /** Every answer in order; the first is that of `/`. */
  answers: readonly HttpAnswer[]
  /** Where the site sends its visitors, if that is elsewhere. */
  elsewhere: URL | undefined
  /** The redirects did not end. */
  loops: boolean
}

/** Shared by the header checks of a visit. @throws ProbeError */
export function frontPage(visit: Visit): Promise<Front> {
  return visit.once('front page', async () => {
    const start = siteUrl(visit, '/')
    const answers: HttpAnswer[] = []
    let url = start
    for (let hop = 0; hop <= MAX_HOPS; hop++) {
      const answer = await get(visit, url, 16 * 1024)
      answers.push(answer)
      const next = redirectOf(answer)
      if (next === undefined) return { answers, elsewhere: undefined, loops: false }
      if (next.origin !== start.origin) return { answers, elsewhere: next, loops: false }
      url = next
    }
    return { answers, elsewhere: undefined, loops: true }
  })
}
