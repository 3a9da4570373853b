const KNOWN_FOR_MS = 5_000
const MOST_KNOWN = 1_000

export interface OwnHostsParts {
  /** The organisation that the directory names for a host, if any. */
  idAtHost(host: string): Promise<string | undefined>
  id: string
  publicUrl(): Promise<string | undefined>
}

/**
 * Whether a Host header names this installation: an address in numbers, the public address, or a name in the directory.
 * Answers are kept for some seconds, since the question comes with every request.
 */
export function ownHosts(parts: OwnHostsParts): (host: string) => Promise<boolean> {
  const known = new Map<string, { ours: Promise<boolean>; at: number }>()
  return (host) => {
    const before = known.get(host)
    if (before && performance.now() - before.at < KNOWN_FOR_MS) return before.ours
    if (known.size >= MOST_KNOWN) known.clear()
    const ours = isOurs(host, parts)
    known.set(host, { ours, at: performance.now() })
    ours.catch(() => known.delete(host))
    return ours
  }
}

async function isOurs(host: string, { idAtHost, id, publicUrl }: OwnHostsParts): Promise<boolean> {
  // An address in numbers cannot be rebound to another machine.
  if (/^(\d{1,3}\.){3}\d{1,3}(:\d+)?$|^\[[0-9a-f:.]+\](:\d+)?$/i.test(host)) return true
  const address = await publicUrl()
  if (address !== undefined && [new URL(address).host, new URL(address).hostname].includes(host.toLowerCase())) return true
  return (await idAtHost(host)) === id
}
