// Makes docs/page.png: the page of a fresh installation on a temporary folder, as a browser shows it.
// node docs/picture.mjs [FILE], after `npm run build`. Needs Debian's chromium.
import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import process from 'node:process'
import { fileURLToPath } from 'node:url'
import { chromium } from 'playwright-core'

const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)))
const file = path.resolve(process.argv[2] ?? path.join(root, 'docs/page.png'))
const folder = mkdtempSync(path.join(os.tmpdir(), 'vouchsafe-picture-'))
const started = spawn(process.execPath, [path.join(root, 'dist/main.js'), 'start', '--data', path.join(folder, 'data'), '--port', '0'], {
  env: { ...process.env, XDG_STATE_HOME: path.join(folder, 'state') },
  stdio: ['ignore', 'pipe', 'inherit'],
})
const ended = new Promise((resolve) => started.once('exit', resolve))

try {
  const url = await new Promise((resolve, reject) => {
    let said = ''
    started.stdout.on('data', (chunk) => {
      said += chunk
      const found = /The page +(http:\S+)/.exec(said)?.[1]
      if (found !== undefined) resolve(found)
    })
    void ended.then(() => reject(new Error(`the installation ended before its page stood:\n${said}`)))
  })
  const browser = await chromium.launch({ executablePath: '/usr/bin/chromium', args: ['--no-sandbox', '--disable-gpu'] })
  const page = await browser.newPage({ viewport: { width: 1280, height: 1080 }, colorScheme: 'light' })
  await page.goto(url, { waitUntil: 'networkidle' })
  await page.screenshot({ path: file })
  await browser.close()
  console.log(file)
} finally {
  started.kill('SIGTERM')
  await ended
  rmSync(folder, { recursive: true, force: true })
}
