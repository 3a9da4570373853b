import { createServer } from 'node:http'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

export interface Request {
  method: string
  url: URL
  path: string
  query: URLSearchParams
  headers: IncomingMessage['headers']
  body: Buffer
  /** Names and values as they came over the wire, for servers that check signatures. */
  target: string
}
export interface Reply {
  status?: number
  headers?: Record<string, string | string[]>
  body?: unknown
}
export interface TestServer {
  url: string
  /** `METHOD path` of every request, in order. */
  seen: string[]
  close(): Promise<void>
}

/** A small HTTP server on loopback for the tests: one function from request to reply. */
export async function listen(answer: (request: Request) => Reply | Promise<Reply>): Promise<TestServer> {
  const seen: string[] = []
  const server = createServer((incoming: IncomingMessage, outgoing: ServerResponse) => {
    const pieces: Buffer[] = []
    incoming.on('data', (piece: Buffer) => pieces.push(piece))
    incoming.on('end', () => {
      void (async () => {
        const url = new URL(incoming.url ?? '/', 'http://localhost')
        seen.push(`${incoming.method} ${url.pathname}`)
        const request: Request = { method: incoming.method ?? 'GET', url, path: url.pathname, query: url.searchParams, headers: incoming.headers, body: Buffer.concat(pieces), target: incoming.url ?? '/' }
        const reply = await Promise.resolve()
          .then(() => answer(request))
          .catch((error: unknown): Reply => ({ status: 500, body: `the test's server failed: ${String(error)}` }))
        const isText = typeof reply.body === 'string'
        const text = reply.body === undefined ? '' : isText ? (reply.body as string) : JSON.stringify(reply.body)
        outgoing.writeHead(reply.status ?? 200, { 'content-type': isText ? 'text/plain; charset=utf-8' : 'application/json; charset=utf-8', ...reply.headers })
        outgoing.end(text)
      })()
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    seen,
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections()
        server.close(() => resolve())
      }),
  }
}
