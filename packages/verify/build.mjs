/**
 * Bundles the verifier for browsers: `dist/browser/verify.js`, the button in a page, and `dist/browser/verify.html`, the
 * same as one offline file, with its SHA-256 beside it. The same sources give the same bytes, on any machine: readers
 * compare digests.
 */
import { createHash } from 'node:crypto'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { rolldown } from 'rolldown'

const here = (path) => fileURLToPath(new URL(path, import.meta.url))
const sha256 = (text, encoding) => createHash('sha256').update(text).digest(encoding)

async function bundle(entry) {
  const build = await rolldown({
    input: here(entry),
    cwd: here('.'),
    platform: 'browser',
    // `browser` picks the library's arithmetic over node:crypto; `source` reads what is written, not an old dist/.
    resolve: { conditionNames: ['browser', 'source', 'import', 'default'] },
    treeshake: true,
    logLevel: 'warn',
  })
  const { output } = await build.generate({ format: 'iife', minify: true, sourcemap: false, comments: { legal: true, annotation: false, jsdoc: false } })
  await build.close()
  if (output.length !== 1) throw new Error(`${entry} came out in ${output.length} pieces`)
  const { code } = output[0]
  if (/node:|require\(/.test(code)) throw new Error(`${entry} reaches for what browsers do not have`)
  return code.trim()
}

/** A script within HTML ends at the first `</script`, wherever that stands. */
const inline = (code) => code.replaceAll('</script', '<\\/script').replaceAll('<!--', '<\\!--')

const button = await bundle('src/browser/button.ts')
const script = inline(await bundle('src/browser/offline.ts'))
const style = (await readFile(here('src/browser/offline.css'), 'utf8')).trim()
// Nothing but this very script and style runs, and nothing is ever fetched.
const policy = `default-src 'none'; script-src 'sha256-${sha256(script, 'base64')}'; style-src 'sha256-${sha256(style, 'base64')}'; base-uri 'none'; form-action 'none'`
const parts = { policy, style, script }
const html = (await readFile(here('src/browser/offline.html'), 'utf8')).replace(/\{\{(\w+)\}\}/g, (_, name) => parts[name])

const out = here('dist/browser/')
await mkdir(out, { recursive: true })
await writeFile(`${out}verify.js`, button)
await writeFile(`${out}verify.html`, html)
await writeFile(`${out}verify.html.sha256`, `${sha256(html, 'hex')}  verify.html\n`)
console.log(`verify.js    ${button.length} bytes`)
console.log(`verify.html  ${Buffer.byteLength(html)} bytes  SHA-256 ${sha256(html, 'hex')}`)
