import { spawn, spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { resolve } from 'node:path'
import { parseSync } from 'oxc-parser'
import { describe, expect, it } from 'vitest'

const root = resolve(import.meta.dirname, '../..')
const setup = createRequire(import.meta.url)(resolve(root, 'bin/setup.cjs')) as {
  samePackages(wanted: object, laidDown: object): boolean
  isAlive(held: string): boolean
  startOf(pid: number): string
  buildSteps: { name: string; run: string[] }[]
}

/** Syntax that came after Node 12, by the type its node has in ESTree. */
function newerSyntax(node: unknown, found: string[] = []): string[] {
  if (Array.isArray(node)) for (const item of node) newerSyntax(item, found)
  else if (typeof node === 'object' && node !== null) {
    const { type, operator } = node as { type?: string; operator?: string }
    if (type === 'ChainExpression' || type === 'PropertyDefinition' || type === 'PrivateIdentifier' || type === 'StaticBlock') found.push(type)
    if (operator === '??' || operator === '??=' || operator === '||=' || operator === '&&=') found.push(operator)
    for (const value of Object.values(node)) newerSyntax(value, found)
  }
  return found
}

describe('the start', () => {
  it.each(['start.mjs', 'bin/setup.cjs', 'bin/vouchsafe'])('%s can be parsed by Node 12, and asks only for modules that it has', (name) => {
    const source = readFileSync(resolve(root, name), 'utf8')
    const parsed = parseSync(name.endsWith('.mjs') ? name : 'setup.cjs', source, { sourceType: name.endsWith('.mjs') ? 'module' : 'script' })
    expect(parsed.errors).toEqual([])
    expect(newerSyntax(parsed.program)).toEqual([])
    for (const [, module] of source.matchAll(/(?:from |require\()'([^']+)'/g)) expect(['path', 'fs', 'url', 'crypto', 'child_process', './setup.cjs', './bin/setup.cjs']).toContain(module)
    if (name.endsWith('.mjs')) expect(source).not.toMatch(/^\s*await /m) // at the top level from Node 14.8 on only
  })

  it('the check for newer syntax finds newer syntax', () => {
    for (const source of ['a?.b', 'a ?? b', 'a ||= b', 'class A { x = 1 }']) expect(newerSyntax(parseSync('x.cjs', source).program), source).not.toEqual([])
  })

  it('packages are installed when every one is there in the version and digest of the lock file', () => {
    const wanted = { '': {}, 'node_modules/a': { version: '1', integrity: 'x' }, 'node_modules/other-machine': { version: '1', integrity: 'y', optional: true }, 'node_modules/own': { link: true } }
    const there = { 'node_modules/a': { version: '1', integrity: 'x' }, 'node_modules/own': { link: true } }
    expect(setup.samePackages(wanted, there)).toBe(true)
    expect(setup.samePackages(wanted, { ...there, 'node_modules/a': { version: '2', integrity: 'x' } })).toBe(false)
    expect(setup.samePackages(wanted, { ...there, 'node_modules/a': { version: '1', integrity: 'z' } })).toBe(false)
    expect(setup.samePackages(wanted, { 'node_modules/own': { link: true } })).toBe(false)
  })

  it('a lock is held by the living alone: not by the dead, nor by another process that got the number', async () => {
    expect(setup.isAlive(JSON.stringify({ pid: process.pid, started: setup.startOf(process.pid) }))).toBe(true)
    const child = spawn(process.execPath, ['-e', 'setTimeout(() => {}, 10000)'])
    const held = JSON.stringify({ pid: child.pid, started: setup.startOf(child.pid ?? 0) })
    expect(setup.isAlive(held)).toBe(true)
    child.kill('SIGKILL')
    await new Promise((done) => child.once('exit', done))
    expect(setup.isAlive(held)).toBe(false)
    if (process.platform === 'linux') expect(setup.isAlive(JSON.stringify({ pid: process.pid, started: '1' }))).toBe(false)
    for (const broken of ['', '{}', 'x', '{"pid":-1}', '{"pid":0}']) expect(setup.isAlive(broken)).toBe(false)
  })

  it('wrong use says the commands and ends with 2', () => {
    for (const args of [[], ['nonsense'], ['__proto__'], ['toString']]) {
      const { status, stderr } = spawnSync(process.execPath, [resolve(root, 'start.mjs'), ...args], { encoding: 'utf8' })
      expect([status, stderr.includes('start|exec|test|bench|soak|build')]).toEqual([2, true])
    }
  })

  it('the verifier is built before what imports it', () => {
    const names = setup.buildSteps.map((step) => step.name)
    expect(names.indexOf('verifier')).toBeLessThan(names.indexOf('server'))
  })
})
