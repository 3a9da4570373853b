import type { Check } from '#core/check'
import { ask } from './own-listener.ts'
import type { InstallationParts } from './parts.ts'
import { fails, holds, HOUR, selfCheck, type Sight } from './self-check.ts'

const PAGES: Readonly<Record<string, string>> = { 'the page': '/', 'the verifier page': '/verify', 'an unknown page': '/no-such-page' }

export function pageHeadersCheck({ localUrl }: InstallationParts): Check {
  return selfCheck(
    {
      noun: 'page-headers',
      title: 'Pages are sent with a strict content policy',
      controls: ['secure-defaults'],
      method: 'Fetches the page, the verifier page and an unknown page from our own listener and reads their headers: nothing by default, no inline or evaluated script, no framing, no sniffing, no address passed on to other sites in full.',
      cadenceSeconds: HOUR,
      revision: 1,
      allHold: (pages) => `${pages} kinds of pages forbid inline scripts, framing and anything from other hosts`,
    },
    {
      targets: () => Object.keys(PAGES),
      look: async (page, { signal }) => judgeHeaders((await ask(localUrl(), PAGES[page]!, { signal })).headers),
    },
  )
}

/** Pure. W3C CSP3; the Fetch standard for `nosniff`. */
export function judgeHeaders(headers: Headers): Sight {
  const text = headers.get('content-security-policy')
  if (text === null) return fails('there is no Content-Security-Policy')
  // CSP3 §2.2.1: of a directive that comes twice, the first counts.
  const policy = new Map<string, string[]>()
  for (const directive of text.split(';')) {
    const [name, ...sources] = directive.trim().toLowerCase().split(/\s+/)
    if (name && !policy.has(name)) policy.set(name, sources)
  }
  const sourcesOf = (name: string): readonly string[] => policy.get(name) ?? policy.get('default-src') ?? ['*']
  for (const name of ['script-src', 'style-src', 'object-src', 'connect-src', 'frame-src', 'worker-src']) {
    const bad = sourcesOf(name).find((source) => !(source === "'none'" || source === "'self'" || /^'(nonce|sha256|sha384|sha512)-/.test(source)))
    if (bad !== undefined) return fails(`${name} allows ${bad}`, text)
  }
  for (const name of ['base-uri', 'form-action', 'frame-ancestors']) {
    const sources = policy.get(name)
    if (!sources || sources.some((source) => source !== "'none'" && source !== "'self'")) return fails(`${name} is not restricted`, text)
  }
  if (headers.get('x-content-type-options')?.toLowerCase() !== 'nosniff') return fails('X-Content-Type-Options is not nosniff')
  const referrer = headers.get('referrer-policy') ?? ''
  if (!/^(no-referrer|same-origin|strict-origin|strict-origin-when-cross-origin)$/.test(referrer)) return fails(`Referrer-Policy is ${referrer || 'missing'}`)
  return holds('scripts and styles from here alone, no framing, no sniffing', text)
}
