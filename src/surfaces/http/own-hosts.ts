const KNOWN_FOR_MS = 5_000
const MOST_KNOWN = 1_000

export interface OwnHostsParts {
  /** The organisation that the directory names for a host, if any. */
  idAtHost(host: string): Promise<string | undefined>
  id: string
  publicUrl(): Promise<string | undefined>
}

export interface OwnHosts {
  /** Whether a Host header names this installation: an address in numbers, the public address, or a name in the directory. */
  has(host: string): Promise<boolean>
  /** Whether it is known right now that it does. */
  knows(host: string): boolean
}

/** Answers are kept for some seconds, since the question comes with every request. */
export function ownHosts(parts: OwnHostsParts): OwnHosts {
  const known = new Map<string, { ours: Promise<boolean>; sure: boolean; at: number }>()
  const fresh = (host: string) => {
    const before = known.get(host)
    return before && performance.now() - before.at < KNOWN_FOR_MS ? before : undefined
  }
  return {
    has(host) {
      const before = fresh(host)
      if (before) return before.ours
      if (known.size >= MOST_KNOWN) known.clear()
      const answer = { ours: isOurs(host, parts), sure: false, at: performance.now() }
      known.set(host, answer)
      answer.ours.then(
        (ours) => void (answer.sure = ours),
        () => void known.delete(host),
      )
      return answer.ours
    },
    knows: (host) => fresh(host)?.sure === true,
  }
}

async function isOurs(host: string, { idAtHost, id, publicUrl }: OwnHostsParts): Promise<boolean> {
  // An address in numbers cannot be rebound to another machine.
  if (/^(\d{1,3}\.){3}\d{1,3}(:\d+)?$|^\[[0-9a-f:.]+\](:\d+)?$/i.test(host)) return true
  const address = await publicUrl()
  if (address !== undefined && [new URL(address).host, new URL(address).hostname].includes(host.toLowerCase())) return true
  return (await idAtHost(host)) === id
}
