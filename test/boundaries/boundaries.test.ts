import { readFileSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, it } from 'vitest'
import { EXCEPTIONS, SUB_DOORS } from './exceptions.ts'
import { doorOf, judge, type Packages, type Rule } from './rules.ts'
import { readSource, readTree, type Tree } from './source.ts'

const root = path.resolve(import.meta.dirname, '../..')
const tree = readTree(root, ['src', 'packages', 'test', 'bench'])
const manifest = (file: string) => JSON.parse(readFileSync(path.join(root, file), 'utf8')) as { imports: Record<string, { source: string; default: string }> } & Record<'dependencies' | 'devDependencies' | 'optionalDependencies', Record<string, string> | undefined>
const own = manifest('package.json')
const packages: Packages = {
  dependencies: new Set(Object.keys({ ...own.dependencies, ...own.optionalDependencies })),
  devDependencies: new Set(Object.keys(own.devDependencies ?? {})),
  verifierDependencies: new Set(Object.keys(manifest('packages/verify/package.json').dependencies ?? {})),
}

const said = (violations: ReturnType<typeof judge>): string[] => violations.map(({ rule, file, line, message }) => `${file}:${line} [${rule}] ${message}`)
const planted = (files: Readonly<Record<string, string>>): Tree => new Map([...tree, ...Object.entries(files)])
const without = (file: string): Tree => new Map([...tree].filter(([name]) => name !== file))

describe('the house', () => {
  it('is read as a whole: every folder of it, and files that are known', () => {
    for (const known of ['src/main.ts', 'src/core/log/sequencer.ts', 'src/core/errors.ts', 'src/modules/domain/module.ts', 'src/surfaces/site/page.tsx', 'src/surfaces/cli/start.ts', 'packages/verify/src/claim/state.ts', 'packages/verify/src/browser/button.ts', 'test/servers/nginx.ts', 'bench/log.ts']) expect(tree.has(known), known).toBe(true)
    expect([...tree.keys()].filter((file) => file.startsWith('src/')).length).toBeGreaterThan(200)
    const imports = [...tree].filter(([file]) => /\.tsx?$/.test(file)).flatMap(([file, text]) => readSource(file, text).imports)
    expect(imports.length).toBeGreaterThan(1500)
    expect(imports.filter(({ specifier }) => specifier?.startsWith('#core/')).length).toBeGreaterThan(200)
  })

  it('keeps to its boundaries', () => {
    expect(said(judge(tree, packages))).toEqual([])
  })

  it('has the imports map that the rules suppose', () => {
    expect(Object.keys(own.imports).toSorted()).toEqual(['#core/*', '#core/clock', '#core/errors', '#modules', '#modules/*', ...Object.keys(SUB_DOORS).map((door) => `#core/${door}`)].toSorted())
    for (const [name, { source, default: built }] of Object.entries(own.imports)) {
      expect(doorOf(name.replace('*', 'room')), name).toBe(source.replace('./', '').replace('*', 'room'))
      expect(built, name).toBe(source.replace('./src/', './dist/').replace(/\.ts$/, '.js'))
    }
  })

  it('gives each exception a reason', () => {
    for (const { why } of EXCEPTIONS) expect(why.length).toBeGreaterThan(20)
    for (const why of Object.values(SUB_DOORS)) expect(why.length).toBeGreaterThan(20)
  })

  it('lets the verifier depend on @noble alone', () => {
    expect([...packages.verifierDependencies].every((name) => name.startsWith('@noble/'))).toBe(true)
  })
})

/** A rule, what is planted, and the file that must be named. Every other file of the tree is the real one. */
const plants: readonly [Rule, string, Record<string, string>][] = [
  ['core-imports-up', 'core imports a module', { 'src/core/log/x.ts': `import { domain } from '#modules/domain'` }],
  ['core-imports-up', 'core imports the list of modules', { 'src/core/log/x.ts': `export * from '#modules'` }],
  ['core-imports-up', 'core imports a type of a surface', { 'src/core/log/x.ts': `import type { SiteAssets } from '../../surfaces/site/index.ts'` }],
  ['core-imports-up', 'core imports the composition root when it runs', { 'src/core/log/x.ts': `const { openInstallation } = await import('../../installation.ts')` }],
  ['core-imports-up', 'core names a type of a surface in passing', { 'src/core/log/x.ts': `export type X = import('../../surfaces/site/index.ts').SiteAssets` }],
  ['module', 'a module imports a surface', { 'src/modules/domain/x.ts': `import { listen } from '../../surfaces/http/server.ts'` }],
  ['module', 'a module imports the composition root', { 'src/modules/domain/x.ts': `import { readRelease } from '../../release.ts'` }],
  ['module', 'a module imports the list of modules', { 'src/modules/domain/x.ts': `import { assembleModules } from '#modules'` }],
  ['surface', 'a surface imports the composition root', { 'src/surfaces/http/x.ts': `import { readRelease } from '../../release.ts'` }],
  ['room', 'a room of core enters another by the window', { 'src/core/claim/x.ts': `import { Log } from '../log/log.ts'` }],
  ['room', 'a room of core enters another by its door, but by path', { 'src/core/claim/x.ts': `import { Log } from '../log/index.ts'` }],
  ['room', 'a module enters core by path', { 'src/modules/domain/x.ts': `import { Log } from '../../core/log/index.ts'` }],
  ['room', 'a module enters a sibling by path', { 'src/modules/domain/x.ts': `export { installation } from '../installation/contract.ts'` }],
  ['room', 'a surface enters core by path', { 'src/surfaces/http/x.ts': `import { Log } from '../../core/log/log.ts'` }],
  ['room', 'a surface enters a module by path', { 'src/surfaces/http/x.ts': `import { domain } from '../../modules/domain/contract.ts'` }],
  ['room', 'a surface enters another by the window', { 'src/surfaces/http/x.ts': `import { Page } from '../site/page.tsx'` }],
  ['room', 'the composition root enters core by the window', { 'src/x.ts': `import { Log } from './core/log/log.ts'` }],
  ['room', 'a test of all enters core by the window', { 'test/journeys/x.ts': `import { Log } from '../../src/core/log/log.ts'` }],
  ['room', 'a test in a room enters another by the window', { 'src/core/claim/x.test.ts': `import { Log } from '../log/log.ts'` }],
  ['door', 'a name that leads nowhere', { 'src/core/claim/x.ts': `import { x } from '#core/nowhere'` }],
  ['door', 'a file behind a front door, by name', { 'src/core/claim/x.ts': `import { x } from '#core/log/store'` }],
  ['door', 'a file behind the front door of a module, by name', { 'src/surfaces/http/x.ts': `import { x } from '#modules/domain/openpgp'` }],
  ['door', 'a room without a front door', { 'src/core/newroom/x.ts': `export const x = 1` }],
  ['verifier', 'the verifier imports core', { 'packages/verify/src/x.ts': `import { VouchsafeError } from '#core/errors'` }],
  ['verifier', 'the verifier imports core by path', { 'packages/verify/src/x.ts': `import { VouchsafeError } from '../../../src/core/errors.ts'` }],
  ['verifier', 'the verifier imports a package', { 'packages/verify/src/node/x.ts': `import { z } from 'zod'` }],
  ['verifier', 'what runs in a browser imports Node', { 'packages/verify/src/browser/x.ts': `import { readFileSync } from 'node:fs'` }],
  ['verifier', 'the state function imports Node', { 'packages/verify/src/claim/x.ts': `import type { Hash } from 'node:crypto'` }],
  ['verifier', 'the log imports Node by its old name', { 'packages/verify/src/log/x.ts': `import { createHash } from 'crypto'` }],
  ['verifier', 'what runs in a browser imports what needs Node', { 'packages/verify/src/verification/x.ts': `export * from '../node/index.ts'` }],
  ['test-or-build', 'what is shipped imports a server of the tests', { 'src/core/log/x.ts': `import { startNginx } from '../../../test/servers/nginx.ts'` }],
  ['test-or-build', 'what is shipped imports a fixture of its own room', { 'src/surfaces/site/x.ts': `import { siteView } from './view.fixture.ts'` }],
  ['test-or-build', 'a test imports what the compiler made', { 'test/journeys/x.ts': `import { run } from '../../dist/main.js'` }],
  ['package', 'a package that is declared nowhere', { 'src/core/log/x.ts': `import leftPad from 'left-pad'` }],
  ['package', 'a package for development in what is shipped', { 'src/core/log/x.ts': `import fc from 'fast-check'` }],
  ['package', 'a scoped package that is declared nowhere, when it runs', { 'src/surfaces/http/x.ts': `await import('@scope/name/deep')` }],
  ['package', 'a package that is declared nowhere, by require', { 'src/core/log/x.ts': `import { createRequire } from 'node:module'; const require = createRequire(import.meta.url); require('left-pad')` }],
  ['computed', 'an import that nobody can read', { 'src/core/log/x.ts': `export const load = (name: string) => import(name)` }],
  ['computed', 'an import by a pattern', { 'src/modules/domain/x.ts': 'export const load = (name: string) => import(`./${name}.ts`)' }],
  ['vague-name', 'a file of odds and ends', { 'src/core/log/utils.ts': '' }],
  ['vague-name', 'a folder of odds and ends', { 'src/surfaces/http/helpers/date.ts': '' }],
  ['vague-name', 'a file of types', { 'packages/verify/src/types.ts': '' }],
  ['module-plan', 'a module outside the list', { 'src/modules/new/README.md': '', 'src/modules/new/index.ts': '', 'src/modules/new/contract.ts': '', 'src/modules/new/module.ts': '' }],
  ['sql', 'a tagged statement in a route', { 'src/surfaces/http/x.ts': "import { sql } from 'kysely'; export const q = sql`select 1`" }],
  ['sql', 'a query builder in a decision', { 'src/core/claim/x.ts': `export const f = (db: any) => db.selectFrom('log.leaf').selectAll().execute()` }],
  ['sql', 'a statement as text', { 'src/core/claim/x.ts': `export const f = (client: any) => client.query('select 1')` }],
  ['cycle', 'two rooms that need each other', { 'src/core/objects/x.ts': `import type { Log } from '#core/log'` }],
  ['cycle', 'a circle over a third room', { 'src/core/control/x.ts': `import { CheckEngine } from '#core/check'` }],
]

describe('each boundary bites', () => {
  it.each(plants)('%s: %s', (rule, _, files) => {
    const violations = judge(planted(files), packages)
    const named = violations.filter((violation) => violation.rule === rule)
    expect(named.length, said(violations).join('\n')).toBeGreaterThan(0)
    const folders = Object.keys(files).map((file) => path.posix.dirname(file))
    if (rule !== 'cycle') for (const { file } of violations) expect(folders.some((folder) => file.startsWith(folder)), file).toBe(true)
  })

  it('each rule has a plant', () => {
    const rules: Record<Rule, true> = { 'core-imports-up': true, module: true, surface: true, room: true, door: true, verifier: true, 'test-or-build': true, package: true, computed: true, 'vague-name': true, 'module-plan': true, sql: true, cycle: true, 'idle-exception': true }
    const tried = new Set<string>([...plants.map(([rule]) => rule), 'idle-exception'])
    expect(Object.keys(rules).filter((rule) => !tried.has(rule))).toEqual([])
  })

  it.each(['README.md', 'index.ts', 'contract.ts', 'module.ts'])('module-plan: a module without its %s', (name) => {
    const file = `src/modules/domain/${name}`
    expect(tree.has(file), file).toBe(true)
    expect(judge(without(file), packages).filter((violation) => violation.rule === 'module-plan' && violation.file === file)).toHaveLength(1)
  })

  it('door: a room whose front door is gone', () => {
    expect(judge(without('src/core/objects/index.ts'), packages).some(({ rule, file }) => rule === 'door' && file === 'src/core/objects')).toBe(true)
  })

  it('idle-exception: an exception that lets nothing pass', () => {
    expect(judge(tree, packages, [...EXCEPTIONS, { rule: 'room', file: 'src/core/log/log.ts', why: 'none' }]).map(({ rule }) => rule)).toEqual(['idle-exception'])
  })

  it('an exception lets pass only what it names', () => {
    expect(EXCEPTIONS.length).toBeGreaterThan(0)
    for (const exception of EXCEPTIONS) expect(judge(tree, packages, EXCEPTIONS.filter((other) => other !== exception)).map(({ rule }) => rule), exception.file).toContain(exception.rule)
  })

  it('a file that cannot be parsed is not passed over', () => {
    expect(() => judge(planted({ 'src/core/log/x.ts': 'import {' }), packages)).toThrow('src/core/log/x.ts')
  })

  it('sound neighbours of the plants pass', () => {
    const sound = {
      'src/core/claim/x.ts': `import { VouchsafeError } from '#core/errors'\nimport type { Root } from 'mdast'\nimport { readPolicy } from '#core/policy'\nimport { own } from './strength.ts'`,
      'src/modules/domain/x.ts': `import { Log } from '#core/log'\nimport { installation } from '#modules/installation'\nimport fs from 'node:fs'`,
      'src/surfaces/http/x.ts': `import { domain } from '#modules/domain'\nexport const query = (c: any) => c.req.query('page')`,
      'src/surfaces/cli/x.ts': `export const f = () => import('./start.ts')`,
      'packages/verify/src/node/x.ts': `import { readFile } from 'node:fs/promises'\nimport { sha256 } from '@noble/hashes/sha2.js'`,
      'src/core/log/x.test.ts': `import fc from 'fast-check'\nimport { startNginx } from '../../../test/servers/nginx.ts'`,
      'test/journeys/x.ts': `import { Log } from '#core/log'\nimport { siteView } from '../../src/surfaces/site/view.fixture.ts'`,
    }
    expect(said(judge(planted(sound), packages))).toEqual(said(judge(tree, packages)))
  })
})
