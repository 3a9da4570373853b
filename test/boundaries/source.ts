import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { parseSync } from 'oxc-parser'

/** Paths from the root of the repository, with `/`, to their text. The rules judge such a tree: the real one, or one with a planted violation. */
export type Tree = ReadonlyMap<string, string>

/** One import, export-from, dynamic import, `require` or `import('…').Type`. */
export interface Import {
  /** `undefined` where the specifier is computed. */
  specifier: string | undefined
  line: number
  typeOnly: boolean
}

export interface Source {
  file: string
  imports: readonly Import[]
  /** Lines on which SQL is written: a tagged template, a query builder's verb, or a statement handed to `query`. */
  sqlLines: readonly number[]
}

const CODE = /\.(?:tsx?|mts|cts|mjs|cjs|js)$/
const SKIPPED = new Set(['node_modules', 'dist', 'data', '.git'])

/** Every file below `folders` of `root`; only code is read, of the others the name counts. */
export function readTree(root: string, folders: readonly string[]): Tree {
  const tree = new Map<string, string>()
  const visit = (folder: string): void => {
    for (const entry of readdirSync(path.join(root, folder), { withFileTypes: true })) {
      const name = `${folder}/${entry.name}`
      if (entry.isDirectory()) {
        if (!SKIPPED.has(entry.name)) visit(name)
      } else tree.set(name, CODE.test(name) ? readFileSync(path.join(root, name), 'utf8') : '')
    }
  }
  folders.forEach(visit)
  return tree
}

export const isCode = (file: string): boolean => CODE.test(file)

const BUILDER_VERBS = new Set(['selectFrom', 'insertInto', 'updateTable', 'deleteFrom', 'mergeInto'])
const STATEMENT = /^\s*(?:select|insert|update|delete|with|create|alter|drop|grant|revoke|truncate|begin|commit|rollback|listen|copy|set|lock)\b/i

interface Node {
  type: string
  start: number
  [key: string]: unknown
}

/** Reads one file. @throws when it cannot be parsed: a file that nobody can read is no sound file. */
export function readSource(file: string, text: string): Source {
  const { program, errors } = parseSync(file, text)
  if (errors.length > 0) throw new Error(`${file}: ${errors[0]?.message}`)
  const lineStarts = [0]
  for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) lineStarts.push(at + 1)
  const lineOf = (offset: number): number => lineStarts.findLastIndex((start) => start <= offset) + 1

  const imports: Import[] = []
  const sqlLines: number[] = []
  const visit = (value: unknown): void => {
    if (Array.isArray(value)) return value.forEach(visit)
    if (typeof value !== 'object' || value === null || typeof (value as Node).type !== 'string') return
    const node = value as Node
    const source = sourceOf(node)
    if (source !== undefined) imports.push({ specifier: literal(source), line: lineOf(node.start), typeOnly: node['importKind'] === 'type' || node['exportKind'] === 'type' || node.type === 'TSImportType' })
    if (isSql(node)) sqlLines.push(lineOf(node.start))
    for (const [key, child] of Object.entries(node)) if (key !== 'parent') visit(child)
  }
  visit(program)
  return { file, imports, sqlLines }
}

function sourceOf(node: Node): Node | undefined {
  switch (node.type) {
    case 'ImportDeclaration':
    case 'ExportNamedDeclaration':
    case 'ExportAllDeclaration':
    case 'ImportExpression':
      return (node['source'] ?? undefined) as Node | undefined
    case 'TSImportType':
      return (node['source'] ?? node['argument']) as Node | undefined
    case 'TSExternalModuleReference':
      return node['expression'] as Node
    case 'CallExpression': {
      const callee = node['callee'] as Node
      const first = (node['arguments'] as Node[])[0]
      // A function of the house may be called `require` too: only a name in quotes is a module.
      return callee.type === 'Identifier' && callee['name'] === 'require' && first !== undefined && literal(first) !== undefined ? first : undefined
    }
    default:
      return undefined
  }
}

function isSql(node: Node): boolean {
  if (node.type === 'TaggedTemplateExpression') return (node['tag'] as Node)['name'] === 'sql'
  if (node.type !== 'CallExpression') return false
  const callee = node['callee'] as Node
  if (callee.type !== 'MemberExpression') return false
  const name = (callee['property'] as Node)['name'] as string
  if (BUILDER_VERBS.has(name)) return true
  const first = (node['arguments'] as Node[])[0]
  if (name === 'raw' && (callee['object'] as Node)['name'] === 'sql') return true
  return name === 'query' && first !== undefined && STATEMENT.test(literal(first) ?? '')
}

/** The text of a string, or of a template up to its first gap. */
function literal(node: Node): string | undefined {
  if (node.type === 'TSLiteralType') return literal(node['literal'] as Node)
  if (node.type === 'Literal' && typeof node['value'] === 'string') return node['value']
  if (node.type !== 'TemplateLiteral') return undefined
  const [first] = node['quasis'] as { value: { cooked: string } }[]
  return (node['expressions'] as unknown[]).length > 0 && !STATEMENT.test(first?.value.cooked ?? '') ? undefined : first?.value.cooked
}
