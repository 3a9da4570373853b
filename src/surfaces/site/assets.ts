import { Buffer } from 'node:buffer'
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { findPackageJSON } from 'node:module'
import path from 'node:path'
import { VouchsafeError } from '#core/errors'
import { accentColours } from './accent.ts'
import { digestWord, FOREVER_CACHE, seal, type Sealed } from './respond.ts'
import { stylesheet } from './style.ts'

/** Where a page finds the verifier, as far as it has been built. */
export interface VerifyAssets {
  /** Address of the script behind the button. */
  script?: string
  /** The same verifier as one offline file. */
  offline?: { href: string; digest: string; sizeBytes: number }
}

/** Addresses that pages name, and the bytes behind them, all in memory. */
export interface SiteAssets {
  stylesheet: string
  icon: string
  /** Fonts worth asking for before the stylesheet has been read. */
  preload: readonly string[]
  verify: VerifyAssets
  /** The asset at a path, by exact name; anything else is not there. */
  get(path: string): Sealed | undefined
}

interface Face {
  file: string
  family: string
  package: string
  style: 'normal' | 'italic'
  weight: string
  range: string
  preload?: true
}

// Unicode ranges of Google's latin and latin-ext subsets, which the packages are cut by.
const LATIN = 'U+0000-00FF,U+0131,U+0152-0153,U+02BB-02BC,U+02C6,U+02DA,U+02DC,U+0304,U+0308,U+0329,U+2000-206F,U+20AC,U+2122,U+2191,U+2193,U+2212,U+2215,U+FEFF,U+FFFD'
const LATIN_EXT = 'U+0100-02BA,U+02BD-02C5,U+02C7-02CC,U+02CE-02D7,U+02DD-02FF,U+0304,U+0308,U+0329,U+1D00-1DBF,U+1E00-1E9F,U+1EF2-1EFF,U+2020,U+20A0-20AB,U+20AD-20C4,U+2113,U+2C60-2C7F,U+A720-A7FF'

const SERIF = { family: 'Source Serif 4', package: '@fontsource-variable/source-serif-4', weight: '200 900' }
const SANS = { family: 'Inter', package: '@fontsource-variable/inter', weight: '100 900' }
const MONO = { family: 'IBM Plex Mono', package: '@fontsource/ibm-plex-mono', weight: '400' }

const FACES: readonly Face[] = [
  { ...SERIF, file: 'source-serif-4-latin-wght-normal', style: 'normal', range: LATIN, preload: true },
  { ...SERIF, file: 'source-serif-4-latin-wght-italic', style: 'italic', range: LATIN },
  { ...SERIF, file: 'source-serif-4-latin-ext-wght-normal', style: 'normal', range: LATIN_EXT },
  { ...SANS, file: 'inter-latin-wght-normal', style: 'normal', range: LATIN, preload: true },
  { ...SANS, file: 'inter-latin-ext-wght-normal', style: 'normal', range: LATIN_EXT },
  { ...MONO, file: 'ibm-plex-mono-latin-400-normal', style: 'normal', range: LATIN },
]

/**
 * Loads fonts, stylesheet and verifier into memory and names each by a digest of its content. The verifier is left
 * out where it has not been built. Throws `unavailable` when a font package is not installed, `bad-input` for an
 * accent that is no colour.
 */
export function loadAssets(options: { accent?: string } = {}): SiteAssets {
  const served = new Map<string, Sealed>()
  const put = (name: string, type: string, body: Buffer, quality: 'quick' | 'small' = 'small'): string => {
    const dot = name.lastIndexOf('.')
    const href = `/assets/${name.slice(0, dot)}.${digestWord(body).slice(0, 12)}${name.slice(dot)}`
    served.set(href, seal({ status: 200, headers: { 'content-type': type, 'cache-control': FOREVER_CACHE }, body }, quality))
    return href
  }

  const preload: string[] = []
  const rules = FACES.map((face) => {
    const href = put(`${face.file}.woff2`, 'font/woff2', packaged(face.package, `files/${face.file}.woff2`))
    if (face.preload) preload.push(href)
    return `@font-face{font-family:"${face.family}";font-style:${face.style};font-weight:${face.weight};font-display:swap;src:url("${href}") format("woff2");unicode-range:${face.range}}`
  })
  const colours = accentColours(options.accent)
  const css = put('site.css', 'text/css; charset=utf-8', Buffer.from(`${rules.join('\n')}\n${stylesheet(colours)}`))
  const icon = put('icon.svg', 'image/svg+xml', Buffer.from(`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32"><rect x="3" y="3" width="26" height="26" rx="7" fill="${colours.light.accent}"/></svg>`))

  const verify: VerifyAssets = {}
  const script = verifierFile('verify.js')
  if (script !== undefined) {
    verify.script = put('verify.js', 'text/javascript; charset=utf-8', script)
    alias('/assets/verify.js', script, 'text/javascript; charset=utf-8', {})
  }
  const offline = verifierFile('verify.html')
  if (offline !== undefined) {
    verify.offline = { href: '/assets/vouchsafe-verify.html', digest: createHash('sha256').update(offline).digest('hex'), sizeBytes: offline.length }
    // To be kept and opened from disk: run from here it would be one more page of ours.
    alias(verify.offline.href, offline, 'text/html; charset=utf-8', { 'content-disposition': 'attachment; filename="vouchsafe-verify.html"' })
  }
  return { stylesheet: css, icon, preload, verify, get: (asked) => served.get(asked) }

  /** A name without a digest: to be asked for again each time. */
  function alias(href: string, body: Buffer, type: string, headers: Record<string, string>): void {
    served.set(href, seal({ status: 200, headers: { 'content-type': type, 'cache-control': 'public, no-cache', ...headers }, body }, 'small'))
  }
}

function packaged(name: string, file: string): Buffer {
  const manifest = findPackageJSON(name, import.meta.url)
  if (manifest === undefined) throw new VouchsafeError('unavailable', `The package ${name} is not installed.`, { mend: 'Run npm ci in the folder of Vouchsafe.' })
  try {
    return readFileSync(path.join(path.dirname(manifest), file))
  } catch (cause) {
    throw new VouchsafeError('unavailable', `${file} of the package ${name} cannot be read.`, { mend: 'Run npm ci in the folder of Vouchsafe.', cause })
  }
}

function verifierFile(file: string): Buffer | undefined {
  const manifest = findPackageJSON('@vouchsafe/verify', import.meta.url)
  if (manifest === undefined) return undefined
  try {
    return readFileSync(path.join(path.dirname(manifest), 'dist', 'browser', file))
  } catch {
    return undefined // not built: pages do without the button, and say how to verify otherwise
  }
}
