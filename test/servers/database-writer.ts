// A process to be killed: starts the embedded database on the folder given, and writes numbered rows through the one
// door, printing each number once it was acknowledged. Prints "ready <postgres pid>" first.
import { Organisations } from '../../src/core/organisation/index.ts'
import { startEmbedded } from '../../src/core/database/index.ts'
import { openLocalRoots } from '../../src/core/keys/index.ts'

const dataFolder = process.argv[2] ?? ''
const from = Number(process.argv[3] ?? 0)
const server = await startEmbedded({ dataFolder, onEvent: (event) => console.log(`event ${event.kind}`) })
const organisations = await Organisations.start({ server, dataFolder, roots: await openLocalRoots(`${dataFolder}/keys/root.key`), migrations: [] })
const { database } = await organisations.open()
console.log(`ready ${server.pid}`)

const writer = async (start: number) => {
  for (let n = start; ; n += 4) {
    try {
      await database.change({ actor: { kind: 'system', name: 'writer' }, action: 'write', subject: { kind: 'row', id: String(n) } }, (tx) => tx.job('written', { n }, { key: `n${n}` }))
      console.log(`ack ${n}`)
    } catch (error) {
      console.log(`refused ${n} ${(error as { code?: string }).code}`)
    }
  }
}
await Promise.all([0, 1, 2, 3].map((offset) => writer(from + offset)))
