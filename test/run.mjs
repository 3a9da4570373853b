// npm test: everything that CI runs, in the order in which a failure is cheapest to see.
// Ends with one line that counts: N passed, N failed, N skipped.
import { spawnSync } from 'node:child_process'
import { accessSync, constants, existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import process from 'node:process'
import { fileURLToPath } from 'node:url'

const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)))
const bin = (name) => path.join(root, 'node_modules', '.bin', name)
const counts = { passed: 0, failed: 0, skipped: 0 }

function heading(text) {
  console.log(`\n── ${text}`)
}

/** A step that passes or fails as a whole. */
function step(name, command, args) {
  heading(name)
  const { status, error } = spawnSync(command, args, { cwd: root, stdio: 'inherit', env: process.env })
  if (error) console.error(error.message)
  if (status === 0) counts.passed++
  else counts.failed++
}

function found(program, place) {
  const folders = [...(process.env.PATH ?? '').split(':'), '/usr/sbin', '/usr/bin', '/sbin']
  return [place, ...folders.map((folder) => path.join(folder, program))].some((file) => {
    try {
      if (!file) return false
      accessSync(file, constants.X_OK)
      return true
    } catch {
      return false
    }
  })
}

/** Debian's packages for the programs that tests start; installed as root, named otherwise. */
function prepareSystem() {
  heading('programs of the system')
  const { packages, places } = JSON.parse(readFileSync(path.join(root, 'test/programs.json'), 'utf8'))
  const missing = () => Object.keys(packages).filter((program) => !found(program, places[program]))
  const wanted = missing()
  if (wanted.length > 0 && process.getuid?.() === 0 && existsSync('/usr/bin/apt-get')) {
    const names = [...new Set(wanted.map((program) => packages[program]))]
    console.log(`installing ${names.join(', ')}`)
    const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' }
    // A daemon that the package would start is none of ours: the tests start their own.
    const args = ['install', '-y', '-q', '--no-install-recommends', '-o', 'Dpkg::Options::=--force-confold', ...names]
    if (spawnSync('apt-get', args, { env, stdio: 'ignore' }).status !== 0) {
      spawnSync('apt-get', ['update', '-q'], { env, stdio: 'ignore' })
      spawnSync('apt-get', args, { env, stdio: 'ignore' })
    }
  }
  const still = missing()
  console.log(still.length === 0 ? 'all there' : `absent, so tests that need them are skipped: ${still.join(', ')}`)
}

/** The tests themselves, counted one by one. */
function runTests() {
  heading('tests')
  const folder = mkdtempSync(path.join(os.tmpdir(), 'vouchsafe-report-'))
  const report = path.join(folder, 'report.json')
  const { status } = spawnSync(process.execPath, [path.join(root, 'node_modules/vitest/vitest.mjs'), 'run', '--reporter=default', '--reporter=json', `--outputFile.json=${report}`], { cwd: root, stdio: 'inherit', env: process.env })
  try {
    const { numPassedTests, numFailedTests, numPendingTests, numTodoTests, testResults } = JSON.parse(readFileSync(report, 'utf8'))
    counts.passed += numPassedTests
    counts.failed += numFailedTests
    counts.skipped += numPendingTests + numTodoTests
    // A file that could not even be loaded has no tests to count, and is a failure all the same.
    for (const file of testResults) if (file.status === 'failed' && file.assertionResults.length === 0) counts.failed++
  } catch (error) {
    console.error(`no report of the tests: ${error.message}`)
    counts.failed++
  }
  if (status !== 0 && counts.failed === 0) counts.failed++
  rmSync(folder, { recursive: true, force: true })
}

if (!existsSync(path.join(root, '../shared'))) console.log('(../shared is absent: tests that read it are skipped)')
prepareSystem()
step('lint', bin('oxlint'), ['--type-aware', '--deny-warnings'])
step('types: verifier', bin('tsc'), ['--noEmit', '-p', 'packages/verify'])
step('types: application', bin('tsc'), ['--noEmit', '-p', '.'])
step('types: console', bin('tsc'), ['--noEmit', '-p', 'console'])
step('types: tests and benches', bin('tsc'), ['--noEmit', '-p', 'test'])
step('dead code', bin('knip'), ['--no-progress'])
runTests()
console.log(`\n${counts.passed} passed, ${counts.failed} failed, ${counts.skipped} skipped`)
process.exitCode = counts.failed === 0 ? 0 : 1
