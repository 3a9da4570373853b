/**
 * The import of a page, measured: claim detection, controls, strength and scope against the labelled pages of
 * ../shared/data/policies by their own scorer, the specimens of our own, each told apart.
 * Pages that are absent are said to be.
 * The weights of the lexicon are written by hand: there is nothing to learn, so nothing to leave out by page.
 */
import { execFileSync } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { importReport, readClaims, reportJsonl } from '#core/claim'
import { readPolicy } from '#core/policy'
import { SPECIMENS } from '../src/core/claim/specimens.ts'
import type { Bench, Line } from './bench.ts'

const shared = path.resolve(import.meta.dirname, '../../shared')
const PAGES: readonly (readonly [slug: string, file: string])[] = [
  ['basecamp', 'data/policies/basecamp.md'], ['flyio', 'data/policies/flyio.md'], ['github-safe-harbor', 'data/policies/github-safe-harbor.md'],
  ['neeto', 'seeds/neeto-security-policy.md'], ['neo4j', 'seeds/neo4j-aura-cloud-security.txt'], ['neon', 'seeds/neon-security.md'],
]

const read = (bytes: Uint8Array, name: string) => {
  const document = readPolicy(bytes, { name })
  return { document, reading: readClaims(document) }
}

export const bench: Bench = {
  name: 'policy-scores',
  async run(tell) {
    for (const line of [...scored(), ...specimens()]) tell(line)
  },
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
  return [{ figure: `specimens of our own: ${right.length} of ${SPECIMENS.length} wholly right`, aim: '≥ 95 %', peers: 'none' }]
}
