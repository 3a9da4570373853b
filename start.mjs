// Starts Vouchsafe from a fresh clone: node start.mjs <start|test|bench|soak|build|exec> [arguments…]
// Parses on any Node from 12 on, because its first task is to find or fetch a newer one. The work is in bin/setup.cjs.
import path from 'path'
import setup from './bin/setup.cjs'

const scripts = {
  start: ['dist/main.js', 'start'],
  exec: ['dist/main.js'],
  test: ['test/run.mjs'],
  bench: ['bench/run.mjs'],
  soak: ['test/soak/run.mjs'],
}

const command = process.argv[2]
const args = process.argv.slice(3)
const say = (label, text) => process.stdout.write(' ' + label.padEnd(10) + ' ' + text + '\n')

if (command !== 'build' && !Object.prototype.hasOwnProperty.call(scripts, command || '')) {
  process.stderr.write('node start.mjs <' + Object.keys(scripts).concat('build').join('|') + '> [arguments…]\n')
  process.exitCode = 2
} else {
  setup
    // What exec prints may be read by a program; its progress goes elsewhere.
    .prepare(command === 'exec' ? () => {} : say)
    .then((node) => {
      if (command === 'build') return undefined
      const [script, ...before] = scripts[command]
      return setup.runScript(node, path.join(setup.root, script), before.concat(args))
    })
    .catch(setup.report)
}
