import { builtinModules } from 'node:module'
import path from 'node:path'
import { EXCEPTIONS, SUB_DOORS, type Exception } from './exceptions.ts'
import { isCode, readSource, type Import, type Source, type Tree } from './source.ts'

export type Rule =
  | 'core-imports-up' // core imports nothing of modules, surfaces or the composition root
  | 'module' // a module imports front doors of core and of sibling modules
  | 'surface' // a surface imports core, front doors of modules, and its own files
  | 'room' // relative paths stay in their room; a room is entered by its front door
  | 'door' // each room of core has a front door, and every name of the imports map leads somewhere
  | 'verifier' // packages/verify imports @noble, itself and, where no browser runs it, Node
  | 'test-or-build' // what is shipped imports neither tests nor what the compiler made
  | 'package' // packages are declared, and development packages stay out of src
  | 'computed' // a dynamic import whose target nobody can read
  | 'vague-name' // a file is named by the noun it decides about
  | 'module-plan' // every module has the same floor plan and stands in the list
  | 'sql' // SQL stands in the store of its room
  | 'cycle' // rooms of core do not need each other in a circle
  | 'idle-exception'

export interface Violation {
  rule: Rule
  file: string
  line: number
  message: string
}

/** Names of packages by where they are declared. */
export interface Packages {
  dependencies: ReadonlySet<string>
  devDependencies: ReadonlySet<string>
  verifierDependencies: ReadonlySet<string>
}

type Zone = 'core' | 'modules' | 'surfaces' | 'root' | 'verify' | 'test' | 'elsewhere'

interface Place {
  zone: Zone
  /** Folder of the room, such as `src/core/log`; files that stand alone share the folder they stand in. */
  room: string
  shipped: boolean
}

const TRIAL = /\.(?:test|fixture|trial|soak)\.tsx?$/

/** Where a file stands in the house (docs: ARCHITECTURE.md). */
export function placeOf(file: string): Place {
  const [top, second, third] = file.split('/')
  const shipped = !TRIAL.test(file)
  if (top === 'src') {
    const isFolder = file.split('/').length > 3
    if (second === 'core' || second === 'modules' || second === 'surfaces') return { zone: second, room: `src/${second}${isFolder ? `/${third}` : ''}`, shipped }
    return { zone: 'root', room: 'src', shipped }
  }
  if (file.startsWith('packages/verify/')) return { zone: 'verify', room: 'packages/verify', shipped: shipped && second === 'verify' && third === 'src' }
  if (top === 'test' || top === 'bench') return { zone: 'test', room: top, shipped: false }
  return { zone: 'elsewhere', room: file, shipped: false }
}

/** What a specifier leads to. */
type Target =
  | { kind: 'file'; file: string; byDoor: boolean }
  | { kind: 'no-door' }
  | { kind: 'node' }
  | { kind: 'verifier' }
  | { kind: 'platform' }
  | { kind: 'package'; name: string }

const BUILT_INS = new Set(builtinModules)

export function resolve(from: string, specifier: string, tree: Tree): Target {
  if (specifier.startsWith('.')) return { kind: 'file', file: path.posix.join(path.posix.dirname(from), specifier), byDoor: false }
  if (specifier.startsWith('node:') || BUILT_INS.has(specifier)) return { kind: 'node' }
  if (specifier === '#platform') return { kind: 'platform' }
  if (specifier.startsWith('#')) {
    const door = doorOf(specifier)
    return door !== undefined && tree.has(door) ? { kind: 'file', file: door, byDoor: true } : { kind: 'no-door' }
  }
  const name = specifier.split('/').slice(0, specifier.startsWith('@') ? 2 : 1).join('/')
  return name === '@vouchsafe/verify' ? { kind: 'verifier' } : { kind: 'package', name }
}

/** The imports map of package.json, which a test holds against the file. */
export function doorOf(specifier: string): string | undefined {
  if (specifier === '#core/clock' || specifier === '#core/errors') return `src/${specifier.slice(1)}.ts`
  if (specifier === '#modules') return 'src/modules/index.ts'
  const [, zone, room] = /^#(core|modules)\/(.+)$/.exec(specifier) ?? []
  if (zone === undefined || room === undefined) return undefined
  if (room.includes('/') && (zone === 'modules' || !(room in SUB_DOORS))) return undefined
  return `src/${zone}/${room}/index.ts`
}

/** Every violation in the tree, exceptions taken off. */
export function judge(tree: Tree, packages: Packages, exceptions: readonly Exception[] = EXCEPTIONS): Violation[] {
  const sources = [...tree].filter(([file]) => isCode(file)).map(([file, text]) => cachedSource(file, text))
  const found: (Violation & { target?: string })[] = [...names(tree), ...modulePlans(tree, sources), ...doors(tree), ...cycles(sources, tree)]
  for (const source of sources) {
    found.push(...sqlOutsideStore(source))
    for (const item of source.imports) found.push(...judgeImport(source.file, item, tree, packages))
  }
  const used = new Set<Exception>()
  const left = found.filter((violation) => {
    const exception = exceptions.find(({ rule, file, target }) => rule === violation.rule && (violation.file === file || (file.endsWith('/') && violation.file.startsWith(file))) && (target === undefined || target === violation.target))
    if (exception) used.add(exception)
    return !exception
  })
  const idle = exceptions.filter((exception) => !used.has(exception)).map(({ rule, file, target }): Violation => ({ rule: 'idle-exception', file, line: 0, message: `the exception from "${rule}"${target === undefined ? '' : ` for ${target}`} lets nothing pass: remove it` }))
  return [...left.map(({ rule, file, line, message }) => ({ rule, file, line, message })), ...idle]
}

const parsed = new Map<string, { text: string; source: Source }>()
function cachedSource(file: string, text: string): Source {
  const known = parsed.get(file)
  if (known?.text === text) return known.source
  const source = readSource(file, text)
  parsed.set(file, { text, source })
  return source
}

function judgeImport(file: string, { specifier, line, typeOnly }: Import, tree: Tree, packages: Packages): (Violation & { target?: string })[] {
  const from = placeOf(file)
  const say = (rule: Rule, message: string, target?: string) => [{ rule, file, line, message, ...(target === undefined ? {} : { target }) }]
  if (specifier === undefined) return from.shipped ? say('computed', 'imports what no reader can name; import it by a literal') : []
  const target = resolve(file, specifier, tree)
  if (from.zone === 'verify') return verifierImport(file, from, specifier, target, say)

  switch (target.kind) {
    case 'node':
    case 'verifier':
      return []
    case 'platform':
      return say('verifier', 'the platform of the verifier is its own affair')
    case 'no-door':
      return say('door', `${specifier} leads to no front door`)
    case 'package':
      return packageImport(from, target.name, typeOnly, packages, say)
    case 'file':
      return fileImport(file, from, target, say)
  }
}

type Say = (rule: Rule, message: string, target?: string) => (Violation & { target?: string })[]

function fileImport(file: string, from: Place, { file: target, byDoor }: { file: string; byDoor: boolean }, say: Say) {
  const to = placeOf(target)
  if (/(^|\/)dist\//.test(target)) return say('test-or-build', `imports ${target}, which the compiler made`, target)
  if (from.shipped && file.startsWith('src/') && (to.zone === 'test' || !to.shipped)) return say('test-or-build', `imports ${target}, which is for tests`, target)
  // Two files of core are doors by themselves: each has a name of its own in the imports map.
  const isDoor = byDoor || target.endsWith('/index.ts') || target === 'src/core/clock.ts' || target === 'src/core/errors.ts'
  switch (from.zone) {
    case 'core':
      if (to.zone !== 'core' && to.zone !== 'test') return say('core-imports-up', `core imports ${target}`, target)
      break
    case 'modules':
      if (file === 'src/modules/index.ts') return /^src\/modules\/[^/]+\/(?:module|index|contract)\.ts$/.test(target) || byDoor ? [] : say('module', `the list of modules imports ${target}`, target)
      if (to.zone === 'surfaces' || to.zone === 'root') return say('module', `a module imports ${target}`, target)
      if (byDoor && target === 'src/modules/index.ts') return say('module', 'a module imports the list of modules', target)
      break
    case 'surfaces':
      if (to.zone === 'root') return say('surface', `a surface imports ${target} of the composition root`, target)
      // Surfaces have no names in the imports map: their front doors are reached by path.
      if (to.zone === 'surfaces' && to.room !== from.room) return (!from.shipped && !to.shipped) || (isDoor && target === `${to.room}/index.ts`) ? [] : say('room', `enters ${to.room} by ${target}, not by its index.ts`, target)
      break
    case 'root':
      // The composition root makes the surfaces: it alone may name their parts.
      if (to.zone === 'surfaces' || to.zone === 'root') return []
      break
    case 'test':
      if (to.zone === 'test' || to.zone === 'elsewhere' || to.zone === 'root' || isDoor || !to.shipped) return []
      return say('room', `enters ${to.room} by ${target}, not by its front door`, target)
    default:
      return []
  }
  if (byDoor || to.room === from.room) return []
  // A test may start the servers of test/; what is shipped was refused above.
  if (!from.shipped && (to.zone === 'test' || !to.shipped)) return []
  return say('room', `leaves its room by ${target}; ask at a front door (#core/…, #modules/…)`, target)
}

function packageImport(from: Place, name: string, typeOnly: boolean, { dependencies, devDependencies }: Packages, say: Say) {
  if (dependencies.has(name)) return []
  const typesOf = `@types/${name.replace('@', '').replace('/', '__')}`
  if (typeOnly && (devDependencies.has(name) || devDependencies.has(typesOf))) return []
  if (!devDependencies.has(name)) return say('package', `${name} is not declared in package.json`, name)
  return from.shipped ? say('package', `${name} is there for development only`, name) : []
}

/** A browser runs everything but these. */
const BESIDE_BROWSER = /^packages\/verify\/src\/(?:node\/|probe\/|platform\.node\.ts$)/

function verifierImport(file: string, from: Place, specifier: string, target: Target, say: Say) {
  if (!from.shipped) return []
  const forBrowser = !BESIDE_BROWSER.test(file)
  switch (target.kind) {
    case 'platform':
      return []
    case 'node':
      return forBrowser ? say('verifier', `${specifier} is not there in a browser, where this file runs`, specifier) : []
    case 'package':
      return target.name.startsWith('@noble/') ? [] : say('verifier', `the verifier depends on @noble alone, not on ${target.name}`, target.name)
    case 'file':
      if (!target.file.startsWith('packages/verify/src/')) return say('verifier', `leaves its package by ${target.file}`, target.file)
      return forBrowser && BESIDE_BROWSER.test(target.file) ? say('verifier', `${target.file} needs Node, and this file runs in a browser`, target.file) : []
    default:
      return say('verifier', `the verifier does not import ${specifier}`, specifier)
  }
}

const VAGUE = /(?:^|\/)(?:utils?|helpers?|common|misc|shared|types|lib)(?:\.(?:test\.)?(?:tsx?|mjs|cjs|js))$|(?:^|\/)(?:utils?|helpers?|common|misc)\//

const names = (tree: Tree): Violation[] => [...tree.keys()].filter((file) => VAGUE.test(file)).map((file) => ({ rule: 'vague-name', file, line: 0, message: 'is named by no noun that it decides about' }))

const PLAN = ['README.md', 'index.ts', 'contract.ts', 'module.ts']

function modulePlans(tree: Tree, sources: readonly Source[]): Violation[] {
  const modules = new Set([...tree.keys()].flatMap((file) => (file.startsWith('src/modules/') && file.split('/').length > 3 ? [file.split('/')[2] as string] : [])))
  const list = sources.find(({ file }) => file === 'src/modules/index.ts')
  return [...modules].flatMap((module) => {
    const folder = `src/modules/${module}`
    const missing = PLAN.filter((name) => !tree.has(`${folder}/${name}`)).map((name): Violation => ({ rule: 'module-plan', file: `${folder}/${name}`, line: 0, message: `the module ${module} has no ${name}` }))
    const listed = list?.imports.some(({ specifier }) => specifier === `./${module}/module.ts`)
    return listed ? missing : [...missing, { rule: 'module-plan', file: folder, line: 0, message: `the module ${module} is not in src/modules/index.ts` }]
  })
}

function doors(tree: Tree): Violation[] {
  const rooms = new Set([...tree.keys()].flatMap((file) => (file.startsWith('src/core/') && file.split('/').length > 3 ? [file.split('/')[2] as string] : [])))
  return [...rooms, ...Object.keys(SUB_DOORS)].filter((room) => !tree.has(`src/core/${room}/index.ts`)).map((room) => ({ rule: 'door', file: `src/core/${room}`, line: 0, message: `the room ${room} has no front door` }))
}

/** `store.ts` of any room, and the room of the database itself. */
const HOLDS_SQL = /(?:^|\/)store\.ts$|^src\/core\/database\//

function sqlOutsideStore({ file, sqlLines }: Source): Violation[] {
  if (!file.startsWith('src/') || !placeOf(file).shipped || HOLDS_SQL.test(file)) return []
  return sqlLines.slice(0, 1).map((line) => ({ rule: 'sql', file, line, message: 'writes SQL outside the store of its room' }))
}

/** Circles of rooms, type imports included: two rooms that need each other's words are one room. */
function cycles(sources: readonly Source[], tree: Tree): Violation[] {
  const needs = new Map<string, Map<string, { file: string; line: number }>>()
  for (const { file, imports } of sources) {
    const from = placeOf(file)
    if (!from.shipped || (from.zone !== 'core' && from.zone !== 'modules') || file === 'src/modules/index.ts') continue
    for (const { specifier, line } of imports) {
      const target = specifier === undefined ? undefined : resolve(file, specifier, tree)
      if (target?.kind !== 'file') continue
      const to = placeOf(target.file)
      if ((to.zone !== 'core' && to.zone !== 'modules') || to.room === from.room || target.file === 'src/modules/index.ts') continue
      const own = needs.get(from.room) ?? new Map<string, { file: string; line: number }>()
      if (!own.has(to.room)) own.set(to.room, { file, line })
      needs.set(from.room, own)
    }
  }
  const found: Violation[] = []
  const settled = new Set<string>()
  const walk = (room: string, trail: readonly string[]): void => {
    const at = trail.indexOf(room)
    if (at >= 0) {
      const circle = [...trail.slice(at), room]
      const last = needs.get(trail.at(-1) as string)?.get(room)
      found.push({ rule: 'cycle', file: last?.file ?? room, line: last?.line ?? 0, message: circle.join(' → ') })
      return
    }
    if (settled.has(room)) return
    for (const next of needs.get(room)?.keys() ?? []) walk(next, [...trail, room])
    settled.add(room)
  }
  for (const room of needs.keys()) walk(room, [])
  return found
}
