/**
 * Thousands of kill -9 at every step of the log's commit: `node --conditions=source test/soak/log.soak.ts [kills]`.
 * About a second each. Exits 1 on the first leaf lost or doubled, or tree forked.
 */
import { pathToFileURL } from 'node:url'
import { trial } from '../../src/core/log/crash.trial.ts'

export const soak = {
  name: 'log: kill -9 at each step of the commit',
  /** @returns what was tried, in one line */
  async run(kills = 3000): Promise<string> {
    const result = await trial({ kills, report: (line) => console.log(`  ${line}`) })
    return `${result.kills} kills, ${result.acknowledged} leaves acknowledged, ${result.entries} in the log: none lost, none twice, no fork`
  },
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) console.log(await soak.run(Number(process.argv[2] ?? 3000)))
