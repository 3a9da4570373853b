/**
 * The cookies of one visitor of a product probe (RFC 6265, the part that a client of few hosts needs): by origin, name and path;
 * `Domain` is not honoured, so that a cookie goes back only to the host that set it, and `Secure` ones only over https or loopback.
 */
export class CookieJar {
  readonly #cookies = new Map<string, { origin: string; name: string; value: string; path: string; expires: number }>()

  /** @param at the time of the answer, for `Max-Age` */
  take(url: URL, lines: readonly string[], at: Date): string[] {
    const taken: string[] = []
    for (const line of lines.slice(0, 50)) {
      const [pair = '', ...attributes] = line.slice(0, 4_096).split(';')
      const equals = pair.indexOf('=')
      if (equals < 1) continue
      const name = pair.slice(0, equals).trim()
      const value = pair.slice(equals + 1).trim()
      const attribute = (wanted: string): string | undefined => attributes.map((one) => one.trim().split('=')).find(([key]) => key?.toLowerCase() === wanted)?.[1]
      const maxAge = attribute('max-age')
      const expires = maxAge !== undefined && /^-?\d+$/.test(maxAge) ? at.getTime() + Number(maxAge) * 1000 : Date.parse(attribute('expires') ?? '') || Infinity
      const given = attribute('path')
      const path = given?.startsWith('/') ? given : url.pathname.slice(0, Math.max(1, url.pathname.lastIndexOf('/')))
      const key = `${url.origin} ${path} ${name}`
      if (expires <= at.getTime()) this.#cookies.delete(key)
      else if (this.#cookies.size < 200) {
        this.#cookies.set(key, { origin: url.origin, name, value, path, expires })
        taken.push(value)
      }
    }
    return taken
  }

  get(name: string): string | undefined {
    return [...this.#cookies.values()].find((cookie) => cookie.name === name)?.value
  }

  /** The `Cookie` header for a request, longer paths first (RFC 6265 §5.4), or `undefined`. */
  header(url: URL, at: Date): string | undefined {
    const fitting = [...this.#cookies.values()].filter(
      ({ origin, path, expires }) => origin === url.origin && expires > at.getTime() && (url.pathname === path || url.pathname.startsWith(path.endsWith('/') ? path : `${path}/`)),
    )
    if (fitting.length === 0) return undefined
    return fitting.toSorted((a, b) => b.path.length - a.path.length).map(({ name, value }) => `${name}=${value}`).join('; ')
  }
}
