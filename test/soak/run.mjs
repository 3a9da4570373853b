// npm run soak [WORD…]: the long trials, never part of npm test. With words, those whose file name holds one of them.
// SOAK_SCALE=0.01 shortens them to a hundredth, to see that they run.
import { spawnSync } from 'node:child_process'
import path from 'node:path'
import process from 'node:process'
import { fileURLToPath } from 'node:url'

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../..')
const began = Date.now()
const { status } = spawnSync(process.execPath, [path.join(root, 'node_modules/vitest/vitest.mjs'), 'run', ...process.argv.slice(2), '--config=test/soak/vitest.config.ts', '--disableConsoleIntercept=true'], { cwd: root, stdio: 'inherit' })
console.log(`soaked for ${Math.round((Date.now() - began) / 60_000)} minutes`)
process.exitCode = status ?? 1
