import { createServer, type Server } from 'node:http'
import { chmodSync } from 'node:fs'
import { getRequestListener } from '@hono/node-server'
import type { Hono } from 'hono'
import { VouchsafeError } from '#core/errors'
import { countedAddress } from './allowance.ts'
import type { Bindings } from './app.ts'
import { beganHere, type Arrival } from './nearness.ts'
import { answerReady, type Ready } from './quick.ts'

export interface Listening {
  /** The port that was really opened; 0 as asked picks a free one. */
  port: number
  close(): Promise<void>
}

/** Opens the public listener on loopback (a reverse proxy stands in front of it) and the operator's socket. */
export async function listen(app: Hono, options: { host: string; port: number; socketPath: string; ready?: Ready }): Promise<Listening> {
  const publicServer = serverFor(app, { door: 'public' }, options.ready)
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

function serverFor(app: Hono, bindings: Pick<Bindings, 'door'>, ready?: Ready): Server {
  const answer = getRequestListener((request, env) => {
    const { incoming } = env as { incoming: Arrival }
    return app.fetch(request, { ...env, ...bindings, near: beganHere(incoming), ...(bindings.door === 'public' ? { counted: countedAddress(incoming) } : {}) })
  })
  const server = createServer({ connectionsCheckingInterval: 5_000 }, (incoming, outgoing) => {
    if (namesTwoHosts(incoming.rawHeaders)) outgoing.writeHead(400, { connection: 'close', 'content-length': 0 }).end()
    else if (ready === undefined || !answerReady(ready, incoming, outgoing)) void answer(incoming, outgoing)
  })
  // Slow senders are cut off: these bound a request's headers and its whole body, to within the interval above.
  server.headersTimeout = 10_000
  server.requestTimeout = 60_000
  server.maxHeadersCount = 100
  return server
}

/** RFC 9112 §3.2: refused, since what stands in front of us may go by the other one. Node itself keeps the first. */
function namesTwoHosts(rawHeaders: readonly string[]): boolean {
  let hosts = 0
  for (let i = 0; i < rawHeaders.length; i += 2) if (rawHeaders[i]!.length === 4 && rawHeaders[i]!.toLowerCase() === 'host') hosts++
  return hosts > 1
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
