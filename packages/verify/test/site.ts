import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { canonicalBytes, encodeBundle, parseTilePath, toBase64, TILE_WIDTH } from '../src/index.ts'
import type { History } from './history.ts'


export interface Site {
  url: string
  /** Paths asked for, in order. */
  asked: string[]
  /** Answers that differ from the honest ones, by path. */
  lies: Map<string, (request: IncomingMessage, response: ServerResponse) => void | Promise<void>>
  close(): Promise<void>
}

/** A web server on loopback that serves one history as a real one would: page, claims, log. */
export async function serve(history: () => History): Promise<Site> {
  const asked: string[] = []
  const lies: Site['lies'] = new Map()
  const server = createServer((request, response) => {
    const path = request.url ?? '/'
    asked.push(path)
    const lie = lies.get(path)
    Promise.resolve(lie ? lie(request, response) : answer(history(), path, response)).catch(() => response.destroy())
  })
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    asked,
    lies,
    close: () => {
      server.closeAllConnections()
      return new Promise((done) => server.close(() => done()))
    },
  }
}

export async function answer(history: History, path: string, response: ServerResponse): Promise<void> {
  const { log, claims, source, at } = history
  const send = (type: string, body: Uint8Array | string): void => {
    response.writeHead(200, { 'content-type': type }).end(body)
  }
  if (path === '/' || path === '/policies/security') return send('text/html; charset=utf-8', `<!doctype html><html><head><title>Security</title><link rel="vouchsafe-bundle" href="/policies/security/bundle"></head><body></body></html>`)
  if (path === '/policies/security/bundle') return send('application/json', await log.pageBundle('security', source, at))
  const claim = /^\/claims\/([^/]+?)(\/bundle)?$/.exec(path)
  const one = claim && claims.find(({ id }) => id === claim[1])
  if (one) return claim[2] ? send('application/json', await log.claimBundle(one.id, one.text, at)) : send('text/html', `<link rel="vouchsafe-bundle" href="/claims/${one.id}/bundle">`)
  if (path === '/log/vkey') return send('text/plain', `${log.vkey}\n`)
  if (path === '/log/checkpoint') return send('text/plain', await log.checkpoint(at))
  const range = /^\/log\/entries\/(\d+)-(\d+)$/.exec(path)
  if (range) return send('application/json', canonicalBytes(entries(history, Number(range[1]), Number(range[2]))))
  const tile = parseTilePath(path.replace('/log/', ''))
  if (tile && tile.level === 'entries') return send('application/octet-stream', encodeBundle(log.entries.slice(tile.index * TILE_WIDTH, tile.index * TILE_WIDTH + tile.width).map(({ leaf }) => leaf)))
  if (tile && typeof tile.level === 'number') {
    const { level, index, width } = tile
    return send('application/octet-stream', Buffer.concat(Array.from({ length: width }, (_, i) => log.hashAt(level * 8, index * TILE_WIDTH + i))))
  }
  response.writeHead(404).end()
}

export function entries({ log }: History, from: number, to: number): object[] {
  const open = new Set(log.placed.map(({ index }) => index))
  return log.entries.slice(from, to + 1).map(({ index, leaf, salt, envelope }) => (open.has(index) ? { index, leaf: toBase64(leaf), salt: toBase64(salt), envelope } : { class: 'private', index, leaf: toBase64(leaf) }))
}
