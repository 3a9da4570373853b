/** The import of a page by the command line, from process start to the last byte: what a person waits for. */
import { execFileSync } from 'node:child_process'
import { existsSync, readdirSync, statSync } from 'node:fs'
import path from 'node:path'
import { median, ms, type Bench } from './bench.ts'

const root = path.resolve(import.meta.dirname, '..')
const seeds = path.resolve(root, '../shared/seeds')
/** A cold process each time; the median of an odd number is one of them. */
const RUNS = 5

export const bench: Bench = {
  name: 'import',
  async run(tell) {
    const aim = '≤ 2,000 ms'
    const own = path.join(root, 'starter/security.md')
    const pages = [...(existsSync(own) ? [own] : []), ...(existsSync(seeds) ? readdirSync(seeds).filter((name) => /\.(?:md|mdx|txt|html)$/.test(name)).map((name) => path.join(seeds, name)) : [])]
    if (pages.length < 2) tell({ figure: 'import of real pages: not measured', aim, peers: '../shared/seeds is absent' })
    for (const page of pages) {
      const took = Array.from({ length: RUNS }, () => {
        const began = performance.now()
        execFileSync(process.execPath, [path.join(root, 'dist/main.js'), 'import', page, '--format', 'jsonl'], { stdio: ['ignore', 'pipe', 'inherit'], maxBuffer: 64 * 1024 * 1024 })
        return performance.now() - began
      })
      tell({ figure: `import of ${path.basename(page)} (${Math.round(statSync(page).size / 1024)} KB): ${ms(median(took))}, slowest of ${RUNS} ${ms(Math.max(...took))}`, aim, peers: 'none reads promises from a page' })
    }
  },
}
