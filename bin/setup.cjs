'use strict'
// What start.mjs and bin/vouchsafe share: find or fetch the runtime, install, build.
// It runs on whatever Node the machine has, so it keeps to what Node 12 can parse, and needs no package.

const childProcess = require('child_process')
const crypto = require('crypto')
const fs = require('fs')
const path = require('path')

const root = path.resolve(__dirname, '..')
const wantedMajor = 24
const runtimeFolder = path.join(root, '.runtime')

/**
 * The runtime we fetch where the machine's own Node is too old: npm's packages of Node itself, which hold one program
 * and no install script. Pinned by digest, so that what we run is what was tried.
 */
const runtimeVersion = '24.21.0'
const runtimeDigests = {
  'linux-x64': 'sha512-3nULszZ5X0fciYpG0t6TrdApJzAn8+FlINP6OiMX7V8HrvpATPN936U1LlReOJriLRa4e8yEqQBYCnLyPNAs7Q==',
  'linux-arm64': 'sha512-FpJRPEz2OOvvTLfjIOlNGFY9JLPMKgl5m+d4oGYBLg24kJ1mmvN1Zl/HPJgF4HDaJ51ISev1l1cRZ/DM+keXW5g==',
}

const tsc = 'node_modules/typescript/bin/tsc'

/** The build, in its order: a name for people, a program for Node, and, where a part may be absent, the file it needs. */
const buildSteps = [
  { name: 'verifier', run: [tsc, '-p', 'packages/verify/tsconfig.build.json'] },
  { name: 'verifier in the page', run: ['packages/verify/build.mjs'] },
  { name: 'server', run: [tsc, '-p', 'tsconfig.build.json'] },
  { name: 'console', run: ['node_modules/vite/bin/vite.js', 'build', '--config', 'console/vite.config.ts'], needs: 'console/vite.config.ts' },
]

/** Everything that a build reads; a change in size or time of any file makes a new build. */
const buildSources = ['src', 'packages/verify/src', 'console', 'package.json', 'package-lock.json', 'tsconfig.json', 'tsconfig.build.json', 'tsconfig.base.json', 'packages/verify/package.json', 'packages/verify/tsconfig.json', 'packages/verify/tsconfig.build.json', 'packages/verify/build.mjs']
const buildResults = ['dist', 'packages/verify/dist']

/** An error that is shown as it is: what failed, then what to do. */
class SetupError extends Error {
  constructor(message, mend) {
    super(message)
    this.mend = mend
  }
}

/**
 * Makes everything ready and returns the path of a Node that runs it.
 * @param say told one line of progress a step: (label, text)
 */
async function prepare(say) {
  const version = JSON.parse(fs.readFileSync(path.join(root, 'package.json'), 'utf8')).version
  say('vouchsafe', version)
  let node = findRuntime()
  const built = node !== undefined && isInstalled() && isBuilt()
  if (built) {
    say('runtime', describeRuntime(node, false))
    return node
  }
  const release = await lock(say)
  try {
    node = findRuntime()
    const fetched = node === undefined
    if (node === undefined) node = await fetchRuntime(say)
    say('runtime', describeRuntime(node, fetched))
    if (!isInstalled()) await install(say)
    if (!isBuilt()) await build(node, say)
    return node
  } finally {
    release()
  }
}

// --- runtime

/** The Node that runs this, when new enough, else the one fetched before. */
function findRuntime() {
  if (major(process.versions.node) >= wantedMajor) return process.execPath
  const fetched = path.join(runtimeFolder, 'package', 'bin', 'node')
  try {
    const version = JSON.parse(fs.readFileSync(path.join(runtimeFolder, 'package', 'package.json'), 'utf8')).version
    fs.accessSync(fetched, fs.constants.X_OK)
    return version === runtimeVersion ? fetched : undefined
  } catch {
    return undefined
  }
}

function describeRuntime(node, fetched) {
  const version = node === process.execPath ? process.versions.node : runtimeVersion
  return 'Node ' + version.split('.').slice(0, 2).join('.') + (fetched ? ' (fetched)' : '')
}

function major(version) {
  return Number(version.split('.')[0])
}

/** Fetches the runtime with npm, tries it, and only then gives it its name: a broken download is never kept. */
async function fetchRuntime(say) {
  const platform = process.platform + '-' + process.arch
  const own = 'install Node ' + wantedMajor + ' or later yourself (https://nodejs.org) and start again'
  if (isMusl()) throw new SetupError('Node ' + process.versions.node + ' is too old, and a newer one cannot be fetched for this system (musl, as on Alpine).', 'Run "apk add nodejs" for Node ' + wantedMajor + ' or later and use a PostgreSQL of your own with --database-url, or use a system with glibc, such as Debian.')
  const digest = runtimeDigests[platform]
  if (digest === undefined) throw new SetupError('Node ' + process.versions.node + ' is too old, and a newer one cannot be fetched for ' + platform + '.', 'Please ' + own + '.')
  say('runtime', 'fetching Node ' + runtimeVersion + ' …')
  const draft = path.join(runtimeFolder, '.new-' + process.pid)
  const name = 'node-' + platform
  try {
    makeFolder(draft)
    fs.writeFileSync(path.join(draft, 'package.json'), '{"private":true}\n')
    await npm(['install', '--prefix', draft, '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error', '--save-exact', name + '@' + runtimeVersion], draft, 'the runtime cannot be fetched', own)
    const locked = JSON.parse(fs.readFileSync(path.join(draft, 'package-lock.json'), 'utf8'))
    const entry = (locked.packages || {})['node_modules/' + name] || (locked.dependencies || {})[name] || {}
    if (entry.integrity !== digest) throw new SetupError('The runtime that npm fetched is not the one expected: its digest differs.', 'Check which registry npm uses ("npm config get registry"), or ' + own + '.')
    const fetched = path.join(draft, 'node_modules', name)
    const tried = childProcess.spawnSync(path.join(fetched, 'bin', 'node'), ['--version'], { encoding: 'utf8' })
    if (tried.stdout === undefined || tried.stdout === null || tried.stdout.trim() !== 'v' + runtimeVersion) {
      throw new SetupError('The runtime that was fetched does not run on this machine' + (tried.stderr ? ': ' + tried.stderr.trim().split('\n')[0] : '') + '.', 'Please ' + own + '.')
    }
    const target = path.join(runtimeFolder, 'package')
    remove(target)
    fs.renameSync(fetched, target)
    return path.join(target, 'bin', 'node')
  } catch (error) {
    throw asSetupError(error)
  } finally {
    remove(draft)
  }
}

/** Node tells the version of glibc it runs on, and nothing on musl. */
function isMusl() {
  if (process.platform !== 'linux' || !process.report) return false
  return process.report.getReport().header.glibcVersionRuntime === undefined
}

// --- packages

/**
 * Whether what package-lock.json names is what lies in node_modules. npm records what it laid down; a stamp of ours
 * saves the comparison, and an install by hand is found right by the comparison.
 */
function isInstalled() {
  const stamp = path.join(root, 'node_modules', '.vouchsafe-installed')
  let wanted
  try {
    wanted = fs.readFileSync(path.join(root, 'package-lock.json'))
  } catch (error) {
    throw new SetupError('package-lock.json cannot be read: ' + error.message + '.', 'Clone the repository anew.')
  }
  const digest = sha256(wanted.toString('utf8') + process.platform + process.arch)
  if (read(stamp) === digest) return true
  const laidDown = read(path.join(root, 'node_modules', '.package-lock.json'))
  if (laidDown === undefined || !samePackages(JSON.parse(wanted.toString('utf8')).packages || {}, JSON.parse(laidDown).packages || {})) return false
  writeIfPossible(stamp, digest)
  return true
}

function samePackages(wanted, laidDown) {
  return Object.keys(wanted).every((key) => {
    if (!key.startsWith('node_modules/')) return true
    const is = laidDown[key]
    if (is !== undefined) return wanted[key].link === true || (is.version === wanted[key].version && is.integrity === wanted[key].integrity)
    return wanted[key].optional === true || wanted[key].peer === true // for another machine
  })
}

async function install(say) {
  say('packages', 'installing …')
  const options = ['--ignore-scripts', '--no-audit', '--no-fund', '--prefer-offline', '--loglevel=error']
  const what = 'the packages cannot be installed'
  try {
    await npm(['ci'].concat(options), root, what, 'start again')
  } catch (error) {
    // npm ci refuses a lock file without the optional packages of other machines, which a registry may not offer. npm
    // install keeps to the lock file for everything in it, and isInstalled compares each version and digest below.
    if (!(error instanceof SetupError) || !/Missing: .* from lock file/.test(error.message)) throw error
    await npm(['install', '--no-save'].concat(options), root, what, 'start again')
  }
  remove(path.join(root, 'node_modules', '.vouchsafe-installed'))
  if (!isInstalled()) throw new SetupError('npm ended well, but not every package is there.', 'Remove node_modules and start again.')
}

/** Runs npm: the one that runs us (npm start), else the one on the path. */
function npm(args, folder, what, otherwise) {
  return new Promise((resolve, reject) => {
    const script = process.env.npm_execpath
    const byScript = script !== undefined && /npm-cli\.c?js$/.test(script) && fs.existsSync(script)
    const environment = Object.assign({}, process.env)
    // Settings of the npm that runs us would be taken for settings of this one (its prefix, its workspaces).
    for (const name of Object.keys(environment)) if (/^npm_(config_(prefix|local_prefix|global_prefix|workspace.*|ignore_scripts|omit|include|production)|package_.*|lifecycle_.*|command)$/i.test(name)) delete environment[name]
    const child = childProcess.spawn(byScript ? process.execPath : 'npm', byScript ? [script].concat(args) : args, { cwd: folder, env: environment, stdio: ['ignore', 'ignore', 'pipe'], shell: false })
    let said = ''
    child.stderr.on('data', (part) => (said = (said + part).slice(-6000)))
    const stopWith = passSignals(child)
    child.on('error', (error) => {
      stopWith()
      if (error.code === 'ENOENT') reject(new SetupError('npm was not found; ' + what + '.', 'Install npm (Debian: apt-get install npm), then start again.'))
      else reject(error)
    })
    child.on('close', (code, signal) => {
      stopWith()
      if (code === 0) return resolve()
      if (signal) return reject(new SetupError('It was stopped while npm was running.', 'Start again; it goes on where it was.'))
      reject(npmFailure(said, what, otherwise))
    })
  })
}

function npmFailure(said, what, otherwise) {
  const lines = said.split('\n').filter((line) => /npm (ERR!|error)/.test(line)).map((line) => line.replace(/^npm (ERR!|error)\s*/, ''))
  const reason = lines.slice(0, 3).join(' ').slice(0, 400) || said.trim().slice(-400) || 'npm gave no reason'
  if (/ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT|network|ENOTCACHED/i.test(said)) return new SetupError(what[0].toUpperCase() + what.slice(1) + ': npm does not reach its registry (' + reason + ').', 'Check the network and npm\'s proxy and registry settings; then ' + otherwise + '.')
  if (/EACCES|EPERM|EROFS/.test(said)) return new SetupError(what[0].toUpperCase() + what.slice(1) + ': this folder cannot be written (' + reason + ').', 'Give ' + root + ' to the account that starts Vouchsafe, or start it as its owner.')
  if (/ENOSPC/.test(said)) return new SetupError(what[0].toUpperCase() + what.slice(1) + ': the disk is full.', 'Make 700 MB of room and start again.')
  return new SetupError(what[0].toUpperCase() + what.slice(1) + ': ' + reason + '.', 'Mend what npm names; then ' + otherwise + '.')
}

// --- build

function isBuilt() {
  return read(path.join(root, 'dist', '.vouchsafe-built')) === sourcesDigest()
}

function sourcesDigest() {
  const parts = []
  const visit = (name) => {
    let entries
    try {
      const found = fs.statSync(path.join(root, name))
      if (!found.isDirectory()) return void parts.push(name + ' ' + found.size + ' ' + found.mtimeMs)
      entries = fs.readdirSync(path.join(root, name))
    } catch {
      return // console/ may be absent
    }
    for (const entry of entries) if (entry !== 'node_modules' && entry !== 'dist' && !/\.test\.tsx?$/.test(entry)) visit(name + '/' + entry)
  }
  buildSources.forEach(visit)
  return sha256(parts.sort((a, b) => (a < b ? -1 : a > b ? 1 : 0)).join('\n'))
}

async function build(node, say) {
  say('build', 'compiling …')
  const digest = sourcesDigest() // before: a change during the build makes another one
  try {
    for (const result of buildResults) remove(path.join(root, result))
  } catch (error) {
    throw asSetupError(error)
  }
  for (const step of buildSteps) {
    if (step.needs !== undefined && !fs.existsSync(path.join(root, step.needs))) continue
    await runStep(node, step)
  }
  try {
    makeFolder(path.join(root, 'dist'))
    fs.writeFileSync(path.join(root, 'dist', '.vouchsafe-built'), digest)
  } catch (error) {
    throw asSetupError(error)
  }
}

function runStep(node, step) {
  return new Promise((resolve, reject) => {
    const child = childProcess.spawn(node, step.run, { cwd: root, stdio: ['ignore', 'pipe', 'pipe'] })
    let said = ''
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (part) => (said = (said + part).slice(0, 6000)))
    const done = passSignals(child)
    child.on('error', reject)
    child.on('close', (code) => {
      done()
      if (code === 0) resolve()
      else reject(new SetupError('The build of the ' + step.name + ' failed:\n' + said.trim().split('\n').slice(0, 12).join('\n'), 'Undo your changes to the sources ("git status"), or mend what the compiler names.'))
    })
  })
}

// --- one at a time

/**
 * Holds the set-up for this process. A process that died without letting go is recognised by its number and, where the
 * system tells it, its time of start.
 */
async function lock(say) {
  const file = path.join(runtimeFolder, 'lock')
  const mine = JSON.stringify({ pid: process.pid, started: startOf(process.pid) })
  try {
    makeFolder(runtimeFolder)
  } catch (error) {
    throw asSetupError(error)
  }
  for (let waited = 0; ; waited++) {
    try {
      fs.writeFileSync(file + '.' + process.pid, mine)
      fs.linkSync(file + '.' + process.pid, file) // exclusive, and never seen empty
      return () => remove(file)
    } catch (error) {
      if (error.code !== 'EEXIST') throw asSetupError(error)
    } finally {
      remove(file + '.' + process.pid)
    }
    const held = read(file)
    if (held !== undefined && !isAlive(held)) {
      // Of several who see this, one renames what it saw; the others find it gone or find another's.
      try {
        fs.renameSync(file, file + '.old.' + process.pid)
        if (read(file + '.old.' + process.pid) !== held) fs.linkSync(file + '.old.' + process.pid, file) // it was a new one: put it back
      } catch {
        // gone, or taken again
      }
      remove(file + '.old.' + process.pid)
      continue
    }
    if (waited === 0) say('set-up', 'another start is setting up; waiting for it …')
    await new Promise((resolve) => setTimeout(resolve, 200))
  }
}

function isAlive(held) {
  try {
    const holder = JSON.parse(held)
    if (!(holder.pid > 0)) return false
    try {
      process.kill(holder.pid, 0)
    } catch (error) {
      if (error.code === 'ESRCH') return false
    }
    return holder.started === startOf(holder.pid)
  } catch {
    return false
  }
}

/** Field 22 of /proc/<pid>/stat (proc(5)): ticks since boot. The name in field 2 may hold spaces and brackets. */
function startOf(pid) {
  const stat = read('/proc/' + pid + '/stat')
  return stat === undefined ? '' : stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19]
}

// --- running

/** Passes a request to stop on to `child`; the returned function ends that. */
function passSignals(child) {
  // A terminal sends Ctrl-C to the whole group, so the child has it already and a second one would mean "at once".
  const onInterrupt = () => {
    if (!process.stdin.isTTY) child.kill('SIGINT')
  }
  const onTerminate = () => child.kill('SIGTERM')
  const onHangUp = () => child.kill('SIGHUP')
  process.on('SIGINT', onInterrupt)
  process.on('SIGTERM', onTerminate)
  process.on('SIGHUP', onHangUp)
  return () => {
    process.removeListener('SIGINT', onInterrupt)
    process.removeListener('SIGTERM', onTerminate)
    process.removeListener('SIGHUP', onHangUp)
  }
}

/** Runs `script` on `node` with our terminal, folder and signals, and ends with its exit code. In this process where that Node is our own. */
function runScript(node, script, args) {
  if (!fs.existsSync(script)) throw new SetupError(path.relative(root, script) + ' is missing.', 'Clone the repository anew.')
  if (node === process.execPath) {
    process.argv = [node, script].concat(args)
    // Resolved here, not in the caller: a file URL, since a path with a % or # in it would be misread.
    return import(require('url').pathToFileURL(script).href)
  }
  return new Promise((resolve, reject) => {
    const child = childProcess.spawn(node, [script].concat(args), { stdio: 'inherit' })
    const done = passSignals(child)
    child.on('error', reject)
    child.on('exit', (code, signal) => {
      done()
      if (signal) process.kill(process.pid, signal) // end as it ended, so that a shell sees the same
      else process.exitCode = code === null ? 2 : code
      resolve()
    })
  })
}

/** Says an error for people and sets exit code 2. */
function report(error) {
  if (error instanceof SetupError) process.stderr.write('\n ' + error.message + '\n ' + error.mend + '\n')
  else process.stderr.write('\n ' + (error && error.stack ? error.stack : String(error)) + '\n')
  process.exitCode = 2
}

// --- small things

function asSetupError(error) {
  if (error instanceof SetupError) return error
  if (/^(EACCES|EPERM|EROFS)$/.test(error.code)) return new SetupError('This folder cannot be written: ' + error.message + '.', 'Give ' + root + ' to the account that starts Vouchsafe, or start it as its owner.')
  if (error.code === 'ENOSPC') return new SetupError('The disk is full: ' + error.message + '.', 'Make 700 MB of room and start again.')
  return error
}

function sha256(text) {
  return crypto.createHash('sha256').update(text).digest('hex')
}

function read(file) {
  try {
    return fs.readFileSync(file, 'utf8')
  } catch {
    return undefined
  }
}

function writeIfPossible(file, text) {
  try {
    fs.writeFileSync(file, text)
  } catch {
    // a saving of time only
  }
}

function makeFolder(folder) {
  fs.mkdirSync(folder, { recursive: true })
}

function remove(target) {
  if (fs.rmSync) fs.rmSync(target, { recursive: true, force: true })
  else if (fs.existsSync(target)) (fs.statSync(target).isDirectory() ? (f) => fs.rmdirSync(f, { recursive: true }) : fs.unlinkSync)(target)
}

module.exports = { SetupError, buildSteps, isAlive, lock, prepare, report, root, runScript, samePackages, startOf }
