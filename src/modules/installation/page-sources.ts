import type { Check } from '#core/check'
import { ask, type OwnAnswer } from './own-listener.ts'
import type { InstallationParts } from './parts.ts'
import { fails, holds, HOUR, selfCheck, unknown, type Sight } from './self-check.ts'

const PAGES = ['/', '/verify'] as const
const MOST_SHEETS = 20

export function pageSourcesCheck({ localUrl }: InstallationParts): Check {
  return selfCheck(
    {
      noun: 'page-sources',
      title: 'The page loads nothing from elsewhere',
      controls: ['data-minimised', 'purpose-limited'],
      method: 'Fetches the page and the verifier page from our own listener, with their style sheets and scripts, and looks for anything that a browser would load from another host: scripts, styles, fonts, images, frames, beacons.',
      cadenceSeconds: HOUR,
      revision: 1,
      allHold: (pages) => `${pages} pages, with their style sheets and scripts, load nothing from other hosts`,
    },
    {
      targets: () => PAGES,
      look: async (path, { signal }) => {
        const page = await ask(localUrl(), path, { signal })
        if (page.status !== 200) return unknown(`${path} answered ${page.status}`)
        const foreign = foreignLoads(page.text, localUrl())
        if (foreign[0]) return fails(`${path} loads ${foreign[0]}`, foreign.slice(0, 20))
        const parts = loadsOf(page.text).filter((address) => /\.(css|js)(\?|$)/.test(address))
        for (const address of parts.slice(0, MOST_SHEETS)) {
          const part = await ask(localUrl(), address, { signal })
          const led = foreignInPart(part, localUrl())
          if (led !== undefined) return fails(`${address} loads ${led}`, led)
        }
        return holds(`${path} loads nothing from other hosts`, { parts })
      },
    },
  )
}

export function pageCookiesCheck({ localUrl }: InstallationParts): Check {
  return selfCheck(
    {
      noun: 'page-cookies',
      title: 'The page sets no cookie',
      controls: ['data-minimised'],
      method: "Fetches the public pages from our own listener and looks for Set-Cookie headers, and in their scripts for writing to document.cookie or to the browser's stores.",
      cadenceSeconds: HOUR,
      revision: 1,
      allHold: (pages) => `${pages} pages set no cookie and keep nothing in the browser by which a reader could be known again`,
    },
    {
      targets: () => PAGES,
      look: async (path, { signal }): Promise<Sight> => {
        const page = await ask(localUrl(), path, { signal })
        if (page.status !== 200) return unknown(`${path} answered ${page.status}`)
        if (page.headers.has('set-cookie')) return fails(`${path} sets a cookie`)
        for (const address of loadsOf(page.text).filter((one) => /\.js(\?|$)/.test(one)).slice(0, MOST_SHEETS)) {
          const script = await ask(localUrl(), address, { signal })
          if (script.headers.has('set-cookie')) return fails(`${address} sets a cookie`)
          if (/document\s*\.\s*cookie\s*=|cookieStore\s*\.\s*set/.test(script.text)) return fails(`${address} writes a cookie`)
        }
        return holds(`${path} sets no cookie`)
      },
    },
  )
}

/** Attributes that make a browser load by themselves; a link that a reader may follow is none of them. */
const LOADING = /<(?:script|img|iframe|frame|embed|source|track|video|audio|input|object|link|use|image|body|form)\b[^>]*?\s(?:src|srcset|data|poster|background|href|xlink:href|action)\s*=\s*("[^"]*"|'[^']*'|[^\s>]+)/gi

/** Addresses that a page makes the browser load. `rel=canonical` and the like are not loaded. */
export function loadsOf(html: string): string[] {
  return [...html.matchAll(LOADING)]
    .filter(([tag]) => !/^<link\b/i.test(tag) || !/\srel\s*=\s*["']?(?:canonical|alternate|author|license|me|next|prev|describedby)\b/i.test(html.slice(html.indexOf(tag), html.indexOf('>', html.indexOf(tag)))))
    .map(([, quoted]) => quoted!.replace(/^["']|["']$/g, '').replaceAll('&amp;', '&'))
}

export function foreignLoads(html: string, origin: string): string[] {
  const inStyles = [...html.matchAll(/<style\b[^>]*>([\s\S]*?)<\/style>|\sstyle\s*=\s*("[^"]*"|'[^']*')/gi)].flatMap(([, sheet, attribute]) => loadsOfSheet(sheet ?? attribute ?? ''))
  return [...loadsOf(html), ...inStyles].filter((address) => isForeign(address, origin))
}

const loadsOfSheet = (sheet: string): string[] => [...sheet.matchAll(/url\(\s*(["']?)([^)"']+)\1\s*\)|@import\s+(["'])([^"']+)\3/gi)].map(([, , url, , imported]) => url ?? imported ?? '')

function foreignInPart(part: OwnAnswer, origin: string): string | undefined {
  const type = part.headers.get('content-type') ?? ''
  if (type.includes('css')) return loadsOfSheet(part.text).find((address) => isForeign(address, origin))
  // A script's addresses can be made up as it runs; what stands in it is found, and the content policy holds back the rest.
  return [...part.text.matchAll(/(?:fetch|sendBeacon|importScripts|import|WebSocket|EventSource|Worker)\s*\(\s*["'`]((?:https?:|wss?:)?\/\/[^"'`]+)/g)].map(([, address]) => address!).find((address) => isForeign(address, origin))
}

function isForeign(address: string, origin: string): boolean {
  if (address.startsWith('data:') || address.startsWith('#')) return false
  return !URL.canParse(address, origin) || new URL(address, origin).origin !== new URL(origin).origin
}
