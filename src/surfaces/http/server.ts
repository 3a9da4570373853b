import { createServer, type Server } from 'node:http'
import { chmodSync } from 'node:fs'
import { getRequestListener } from '@hono/node-server'
import type { Hono } from 'hono'
import { VouchsafeError } from '#core/errors'
import type { Bindings } from './app.ts'
import { beganHere, type Arrival } from './nearness.ts'

export interface Listening {
  /** The port that was really opened; 0 as asked picks a free one. */
  port: number
  close(): Promise<void>
}

/** Opens the public listener on loopback (a reverse proxy stands in front of it) and the operator's socket. */
export async function listen(app: Hono, options: { host: string; port: number; socketPath: string }): Promise<Listening> {
  const publicServer = serverFor(app, { door: 'public' })
  const operatorServer = serverFor(app, { door: 'operator' })
  try {
    await bind(publicServer, { host: options.host, port: options.port })
    await bind(operatorServer, { path: options.socketPath })
    chmodSync(options.socketPath, 0o600)
  } catch (error) {
    publicServer.close()
    operatorServer.close()
    throw error
  }
  const address = publicServer.address()
  return {
    port: typeof address === 'object' && address ? address.port : options.port,
    async close() {
      await Promise.all([publicServer, operatorServer].map(closeGently))
    },
  }
}

function serverFor(app: Hono, bindings: Pick<Bindings, 'door'>): Server {
  const answer = getRequestListener((request, env) => app.fetch(request, { ...env, ...bindings, near: beganHere((env as { incoming: Arrival }).incoming) }))
  const server = createServer((incoming, outgoing) => void answer(incoming, outgoing))
  // Slow senders are cut off: these bound a request's headers and its whole body.
  server.headersTimeout = 10_000
  server.requestTimeout = 60_000
  server.maxHeadersCount = 100
  return server
}

function bind(server: Server, where: { host: string; port: number } | { path: string }): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (cause: NodeJS.ErrnoException) => {
      const place = 'path' in where ? where.path : `${where.host}:${where.port}`
      const mend = cause.code === 'EADDRINUSE' ? 'Another program has it. Choose another port with --port, or stop that program.' : 'Check that this user may listen there.'
      reject(new VouchsafeError('unavailable', `Cannot listen on ${place} (${cause.code ?? cause.message}).`, { mend, cause }))
    })
    server.listen(where, resolve)
  })
}

/** Lets answers that are under way end, for two seconds; then cuts. */
function closeGently(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve())
    server.closeIdleConnections()
    setTimeout(() => server.closeAllConnections(), 2_000).unref()
  })
}
