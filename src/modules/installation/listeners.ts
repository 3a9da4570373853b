import { sql } from 'kysely'
import type { Check } from '#core/check'
import type { InstallationParts } from './parts.ts'
import { fails, holds, HOUR, selfCheck, unknown, type Sight } from './self-check.ts'
import { isLoopback, tcpSocketsOf } from './sockets.ts'

export function listenersCheck({ organisation, server }: InstallationParts): Check {
  return selfCheck(
    {
      noun: 'listeners',
      title: 'Nothing listens to the network',
      controls: ['network-protection', 'secure-defaults'],
      method: "Reads from the system which TCP sockets this program and the embedded database hold open for connections: the program's must be bound to loopback, the database must have none; the database's own setting is read as well.",
      cadenceSeconds: HOUR,
      revision: 1,
      allHold: () => 'the program listens on loopback alone, and the embedded database on no TCP port at all',
    },
    {
      targets: () => ['program', 'database'],
      look: (target) => (target === 'program' ? lookAtProgram() : lookAtDatabase()),
    },
  )

  async function lookAtProgram(): Promise<Sight> {
    const sockets = await tcpSocketsOf([process.pid])
    if (!sockets) return unknown('this system does not tell which sockets a program holds')
    const listening = sockets.filter((socket) => socket.listening)
    const open = listening.find(({ address }) => !isLoopback(address))
    if (open) return fails(`port ${open.port} is open on ${open.address}; start with a loopback host and put a reverse proxy in front`, { address: open.address, port: open.port })
    return holds(`${listening.length} TCP ports, all on loopback`, { ports: listening.map(({ port }) => port) })
  }

  async function lookAtDatabase(): Promise<Sight> {
    if (server.kind === 'external') return unknown('the database runs elsewhere; who may reach it is not seen from here')
    const { rows } = await sql<{ value: string; pid: number }>`select current_setting('listen_addresses') as value, pg_backend_pid() as pid`.execute(organisation.database.app)
    const { value = '?' } = rows[0] ?? {}
    if (value !== '') return fails(`the database listens on ${value}; its listen_addresses must be empty`, { listenAddresses: value })
    const pid = 'pid' in server && typeof server.pid === 'number' ? server.pid : undefined
    const sockets = pid === undefined ? undefined : await tcpSocketsOf([pid])
    const listening = sockets?.filter((socket) => socket.listening) ?? []
    if (listening[0]) return fails(`the database holds TCP port ${listening[0].port} open`, { port: listening[0].port })
    return sockets ? holds('no TCP port') : holds('no TCP address is configured; the system does not tell the sockets themselves')
  }
}
