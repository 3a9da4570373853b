/**
 * The import of a page, measured: claim detection, controls, strength and scope against the labelled pages of
 * ../shared/data/policies by their own scorer, the specimens of our own, and the time from process start.
 * Pages that are absent are said to be. `node --conditions=source bench/policy-scores.ts` runs it alone.
 * The weights of the lexicon are written by hand: there is nothing to learn, so nothing to leave out by page.
 */
import { execFileSync } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { importReport, readClaims, reportJsonl } from '#core/claim'
import { readPolicy } from '#core/policy'
import { SPECIMENS } from '../src/core/claim/specimens.ts'

export interface Line {
  figure: string
  aim: string
  peers: string
}

const shared = path.resolve(import.meta.dirname, '../../shared')
const PAGES: readonly (readonly [slug: string, file: string])[] = [
  ['basecamp', 'data/policies/basecamp.md'], ['flyio', 'data/policies/flyio.md'], ['github-safe-harbor', 'data/policies/github-safe-harbor.md'],
  ['neeto', 'seeds/neeto-security-policy.md'], ['neo4j', 'seeds/neo4j-aura-cloud-security.txt'], ['neon', 'seeds/neon-security.md'],
]

const read = (bytes: Uint8Array, name: string) => {
  const document = readPolicy(bytes, { name })
  return { document, reading: readClaims(document) }
}

export function measurePolicyImport(): Line[] {
  return [...scored(), ...specimens(), ...timed()]
}

function scored(): Line[] {
  const scorer = path.join(shared, 'data/policies/score.py')
  if (!existsSync(scorer)) return [{ figure: 'labelled pages: not measured', aim: 'claim F1 ≥ .90', peers: '../shared/data/policies is absent' }]
  const folder = mkdtempSync(path.join(tmpdir(), 'policy-scores-'))
  try {
    for (const [slug, file] of PAGES) {
      const { document, reading } = read(readFileSync(path.join(shared, file)), file)
      writeFileSync(path.join(folder, `${slug}.jsonl`), reportJsonl(importReport(document, reading)))
    }
    const out = path.join(folder, 'scores')
    execFileSync('python3', [scorer, folder, '--skip-borderline', '--json', out], { stdio: 'pipe' })
    const all = (JSON.parse(readFileSync(out, 'utf8')) as Record<string, Record<string, number | null>>).OVERALL ?? {}
    const figure = (name: string): string => (all[name] ?? 0).toFixed(3)
    const peer = 'a plain keyword table'
    return [
      { figure: `claim detection F1 ${figure('F1')}`, aim: '≥ .90', peers: `${peer}: .76` },
      { figure: `first control ${figure('top1')}`, aim: '≥ .80', peers: `${peer}: .51` },
      { figure: `hedged F1 ${figure('hedg-F1')}`, aim: '≥ .75', peers: `${peer}: .34` },
      { figure: `negative F1 ${figure('neg-F1')}`, aim: '≥ .75', peers: `${peer}: .32` },
      { figure: `scope F1 ${figure('scope-F1')}`, aim: '≥ .70', peers: `${peer}: .00` },
    ]
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

function specimens(): Line[] {
  const right = SPECIMENS.filter((specimen) => {
    const line = read(new TextEncoder().encode(specimen.text), 's.md').reading.lines[0]
    return line !== undefined && line.claim === specimen.claim && (!specimen.claim || (line.controls[0] === specimen.controls[0] && line.strength === specimen.strength))
  })
  return [{ figure: `specimens of our own: ${right.length} of ${SPECIMENS.length} wholly right`, aim: '≥ 95 %', peers: '-' }]
}

/** From process start, the slowest of the three seeds; five runs each, median. */
function timed(): Line[] {
  const seeds = PAGES.filter(([, file]) => file.startsWith('seeds/') && existsSync(path.join(shared, file)))
  if (seeds.length === 0) return [{ figure: 'import time: not measured', aim: '≤ 2 s', peers: '../shared/seeds is absent' }]
  const program = `const { readPolicy } = await import('#core/policy'); const { readClaims, importReport } = await import('#core/claim'); const { readFileSync } = await import('node:fs'); const d = readPolicy(readFileSync(process.argv[1]), { name: process.argv[1] }); process.stdout.write(String(importReport(d, readClaims(d)).counts.claims))`
  const medians = seeds.map(([, file]) => {
    const runs = Array.from({ length: 5 }, () => {
      const start = performance.now()
      execFileSync(process.execPath, ['--conditions=source', '--input-type=module', '-e', program, path.join(shared, file)], { cwd: path.resolve(import.meta.dirname, '..'), stdio: 'pipe' })
      return performance.now() - start
    }).toSorted((a, b) => a - b)
    return runs[2] as number
  })
  return [{ figure: `import of the slowest seed, process start included: ${Math.round(Math.max(...medians))} ms`, aim: '≤ 2,000 ms', peers: '-' }]
}

if (process.argv[1] === import.meta.filename) for (const { figure, aim, peers } of measurePolicyImport()) console.log(`${figure}   aim ${aim}   ${peers}`)
