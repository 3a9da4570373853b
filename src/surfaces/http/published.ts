/** A policy (default: the one at `/`) or a claim. */
export interface Publishable {
  slug?: string
  claim?: string
}

const MOST_KNOWN = 1_000

/**
 * Whether something was published, asked at each request from elsewhere; the answer changes only with a revision of the
 * pages, and is kept until then.
 */
export function publishedSince(revision: () => number, ask: (what: Publishable) => Promise<boolean>): (what: Publishable) => Promise<boolean> {
  const known = new Map<string, Promise<boolean>>()
  let knownAt = -1
  return (what) => {
    if (knownAt !== revision() || known.size >= MOST_KNOWN) known.clear()
    knownAt = revision()
    const key = JSON.stringify([what.slug, what.claim])
    const answer = known.get(key) ?? ask(what)
    known.set(key, answer)
    answer.catch(() => known.delete(key))
    return answer
  }
}
