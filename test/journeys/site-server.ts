import { createServer, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { answer, errorPage, type Rendered, seal, type SiteAssets, type SiteView } from '../../src/surfaces/site/index.ts'

export interface SiteServer extends AsyncDisposable {
  origin: string
  /** Paths that were asked for and are not there. */
  missing: string[]
}

/** Serves pages and assets on loopback, as they would be served in earnest; `rest` answers for the log and the bundles. */
export async function serveSite(pages: ReadonlyMap<string, Rendered>, assets: SiteAssets, site: SiteView, rest?: (path: string, response: ServerResponse) => Promise<void>): Promise<SiteServer> {
  const missing: string[] = []
  const lost = seal(errorPage({ site, status: 404, title: 'There is no such page', detail: 'Nothing stands at this address.', mend: 'A statement that was withdrawn keeps its entries in the log.' }, assets))
  const sealed = new Map([...pages].map(([path, page]) => [path, seal(page)]))
  const server: Server = createServer((request, response) => {
    const url = new URL(request.url ?? '/', 'http://localhost')
    const found = sealed.get(url.pathname + url.search) ?? sealed.get(url.pathname) ?? assets.get(url.pathname)
    if (found === undefined && rest !== undefined) return void rest(url.pathname, response)
    if (found === undefined) missing.push(url.pathname)
    const { status, headers, body } = answer(found ?? lost, { method: request.method, ifNoneMatch: request.headers['if-none-match'], acceptEncoding: String(request.headers['accept-encoding'] ?? '') })
    response.writeHead(status, headers).end(body ?? undefined)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    missing,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}
