// npm run bench [NAME…]: measures, each in a process of its own, and prints each figure with its aim and its peers.
import { spawnSync } from 'node:child_process'
import os from 'node:os'
import path from 'node:path'
import process from 'node:process'
import { fileURLToPath } from 'node:url'

/** Every measurement, in this order. To add one: its file, and a line here. */
const benches = {
  'policy-scores': 'what the import reads in labelled pages',
  import: 'a page imported, from process start',
  start: 'first and later starts',
  page: 'the public page under load',
  permission: 'a permission decision beside Cedar',
  log: 'append, receipts and audit of the log (some two minutes)',
}

const here = path.dirname(fileURLToPath(import.meta.url))
const wanted = process.argv.slice(2)
const unknown = wanted.filter((name) => !Object.hasOwn(benches, name))
if (unknown.length > 0) {
  console.error(`There is no bench called ${unknown.join(', ')}. There are:\n${Object.entries(benches).map(([name, what]) => `  ${name.padEnd(14)} ${what}`).join('\n')}`)
  process.exit(2)
}
const load = os.loadavg()[0]
console.log(`${os.cpus().length} cores, ${os.cpus()[0]?.model.trim() ?? 'unknown'}, load ${load.toFixed(1)}${load > 0.5 ? ': other work runs beside, so the figures say less' : ''}`)
const failed = []
for (const name of wanted.length > 0 ? wanted : Object.keys(benches)) {
  console.log(`\n${name}: ${benches[name]}`)
  const { status } = spawnSync(process.execPath, ['--conditions=source', '--disable-warning=ExperimentalWarning', path.join(here, 'bench-process.ts'), name], { stdio: 'inherit' })
  if (status !== 0) failed.push(name)
}
if (failed.length > 0) console.log(`\nnot measured: ${failed.join(', ')}`)
process.exitCode = failed.length === 0 ? 0 : 1
