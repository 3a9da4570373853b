import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { extname, join } from 'node:path'
import type { Hono } from 'hono'
import { VouchsafeError } from '#core/errors'
import { answer, seal, type Sealed } from '../site/index.ts'
import { finish } from './finished.ts'

const MEDIA_TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.woff2': 'font/woff2',
  '.json': 'application/json',
  '.txt': 'text/plain; charset=utf-8',
}

/**
 * Scripts and styles from our own files only, and nothing inline: whatever markup got into a page, it would run nothing.
 * Text that could become markup has to pass through a policy, and the console makes none (Trusted Types).
 */
export const CONSOLE_POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data: blob:; font-src 'self'; manifest-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'; object-src 'none'; require-trusted-types-for 'script'; trusted-types 'none'"

const HEADERS = { 'content-security-policy': CONSOLE_POLICY, 'permissions-policy': 'accelerometer=(), camera=(), display-capture=(), geolocation=(), gyroscope=(), magnetometer=(), microphone=(), midi=(), payment=(), publickey-credentials-get=(self), publickey-credentials-create=(self), usb=(), browsing-topics=()', 'referrer-policy': 'same-origin' }

/** Every file below the folder, by its path; read once, so that no request ever names a file of this machine. */
export function consoleFiles(folder: string): ReadonlyMap<string, Sealed> {
  const files = new Map<string, Sealed>()
  if (!existsSync(join(folder, 'index.html'))) return files
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue
    const path = join(entry.parentPath, entry.name).slice(folder.length + 1).replaceAll('\\', '/')
    const type = MEDIA_TYPES[extname(path)]
    if (type === undefined || path === 'manifest.json') continue
    // A name with a digest never means other bytes; the index is asked for anew each time.
    const cache = path.startsWith('assets/') ? 'public, max-age=31536000, immutable' : 'no-cache'
    files.set(path, seal({ status: 200, headers: { 'content-type': type, 'cache-control': cache, ...HEADERS }, body: readFileSync(join(folder, path)) }, 'quick'))
  }
  return files
}

/** The web console: its files, and its index for every address that the console itself takes apart. */
export function mountConsole(app: Hono, folder: string): void {
  let files: ReadonlyMap<string, Sealed> | undefined
  // Also `/console` itself: every address in the files begins with /console/.
  app.get('/console/*', (context) => {
    files ??= consoleFiles(folder)
    const path = decodeURIComponent(context.req.path).replace(/^\/console\/?/, '')
    const index = files.get('index.html')
    if (index === undefined) {
      files = undefined // it may be built meanwhile
      throw new VouchsafeError('unavailable', 'The console has not been built.', { mend: 'Run `npm run build`, and load this page again. The `vouchsafe` command does everything that is done here.' })
    }
    const file = files.get(path) ?? (/\.[a-z0-9]+$/i.test(path) || path.startsWith('assets/') ? undefined : index)
    if (file === undefined) throw new VouchsafeError('not-found', 'There is no such file of the console.')
    const { status, headers, body } = answer(file, { method: context.req.method, ifNoneMatch: context.req.header('if-none-match'), acceptEncoding: context.req.header('accept-encoding') })
    return finish(new Response(body === null ? null : new Uint8Array(body), { status, headers }))
  })
}
