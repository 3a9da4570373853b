import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, it } from 'vitest'

const root = path.resolve(import.meta.dirname, '../..')

/** Files below a folder, by the end of their names; tests and what stands ready for them left out. */
const filesIn = (folder: string, ending: RegExp): { name: string; text: string }[] =>
  readdirSync(path.join(root, folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => ending.test(name) && !/\.(test|fixture)\.tsx?$/.test(name))
    .map((name) => ({ name: `${folder}/${name}`, text: readFileSync(path.join(root, folder, name), 'utf8') }))

const migrations = ['identity', 'authentication', 'federation', 'provisioning', 'roles'].flatMap((room) => filesIn(`src/modules/${room}/migrations`, /\.sql$/))
const statements = migrations.map(({ name, text }) => ({ name, text: text.replaceAll(/--.*$/gm, '').toLowerCase() }))

describe('what is not there', () => {
  it('a column for a hint, a secret question or a telephone', () => {
    expect(statements.length).toBeGreaterThanOrEqual(5)
    const words = statements.flatMap(({ name, text }) => [...text.matchAll(/\b\w*(hint|question|answer|phone|sms|msisdn)\w*\b/g)].map(([word]) => `${name}: ${word}`))
    expect(words).toEqual([])
    // A column that is there is found.
    expect(statements.some(({ text }) => /\bsecret_phrase\b/.test(text))).toBe(true)
  })

  it('an account that comes with the program', () => {
    const made = statements.flatMap(({ name, text }) => [...text.matchAll(/insert\s+into\s+(?:identity\.person|identity\.invitation|authentication\.(?:passkey|secret_phrase|totp|session|token|recovery_code))\b/g)].map(([statement]) => `${name}: ${statement}`))
    expect(made).toEqual([])
  })

  it('chance that could be foretold, but for how long to wait', () => {
    const uses = filesIn('src', /\.tsx?$/).flatMap(({ name, text }) => text.split('\n').flatMap((line) => (line.includes('Math.random') ? [`${name}: ${line.trim()}`] : [])))
    expect(uses.length).toBeGreaterThan(0)
    expect(uses.filter((use) => !/sleep\(|setTimeout\(|for pauses|random = Math\.random \} = parts/.test(use))).toEqual([])
    for (const folder of ['console', 'packages/verify/src']) expect(filesIn(folder, /\.tsx?$/).filter(({ text }) => text.includes('Math.random')).map(({ name }) => name), folder).toEqual([])
  })
})

describe('fields of the console for passwords', () => {
  const screens = filesIn('console', /\.tsx$/).filter(({ name }) => !name.includes('node_modules'))
  const fields = screens.flatMap(({ name, text }) => [...text.matchAll(/<TextField\b[\s\S]*?\/>/g)].map(([tag]) => ({ name, tag })))
  const secret = fields.filter(({ tag }) => /\bname="(?:password|current|[a-zA-Z]*[sS]ecret)"/.test(tag))

  it('are masked, and shown only where their owner asks for it', () => {
    expect(secret.length).toBeGreaterThanOrEqual(5)
    expect(secret.filter(({ tag }) => !/type="password"|type=\{shown \? 'text' : 'password'\}/.test(tag))).toEqual([])
  })

  it('say what they are to password managers, and take what is pasted', () => {
    const own = secret.filter(({ name }) => /\/(authentication|account)\//.test(name))
    expect(own.length).toBeGreaterThanOrEqual(4)
    expect(own.filter(({ tag }) => !/autoComplete="(?:current|new)-password"/.test(tag))).toEqual([])
    const holding = new Set(['console/components/form.tsx', ...own.map(({ name }) => name)])
    expect(screens.filter(({ name }) => holding.has(name)).length).toBe(holding.size)
    expect(screens.filter(({ name, text }) => holding.has(name) && /onPaste|onDrop|onBeforeInput/.test(text)).map(({ name }) => name)).toEqual([])
  })
})
