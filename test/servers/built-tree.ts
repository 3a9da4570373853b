import { spawnSync } from 'node:child_process'
import { cpSync, existsSync, mkdirSync, readdirSync, symlinkSync } from 'node:fs'
import { createRequire } from 'node:module'
import path from 'node:path'

const root = path.resolve(import.meta.dirname, '../..')
const { buildSteps } = createRequire(import.meta.url)(path.join(root, 'bin/setup.cjs')) as { buildSteps: { run: string[]; needs?: string }[] }

/** What a release is built from and needs beside it. */
const COPIED = ['src', 'console', 'starter', 'packages/verify', 'package.json', 'package-lock.json', ...readdirSync(root).filter((name) => /^tsconfig.*\.json$/.test(name))]

/**
 * Copies the sources into `folder` and builds them there, so that a test runs what they are now and nobody's build is
 * touched. Packages are linked, not copied. @returns `folder`
 */
export function buildTree(folder: string): string {
  for (const name of COPIED) cpSync(path.join(root, name), path.join(folder, name), { recursive: true, filter: (source) => !/\/(?:node_modules|dist)$/.test(source) })
  const modules = path.join(folder, 'node_modules')
  mkdirSync(path.join(modules, '@vouchsafe'), { recursive: true })
  for (const name of readdirSync(path.join(root, 'node_modules'))) if (name !== '@vouchsafe') symlinkSync(path.join(root, 'node_modules', name), path.join(modules, name))
  symlinkSync('../../packages/verify', path.join(modules, '@vouchsafe/verify'))
  for (const { run, needs } of buildSteps) {
    if (needs !== undefined && !existsSync(path.join(folder, needs))) continue
    const { status, stdout, stderr } = spawnSync(process.execPath, run, { cwd: folder, encoding: 'utf8' })
    if (status !== 0) throw new Error(`the build failed (${run.join(' ')}):\n${stdout}${stderr}`)
  }
  return folder
}
