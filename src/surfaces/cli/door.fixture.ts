import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

export interface Asked {
  method: string
  path: string
  headers: Record<string, string | string[] | undefined>
  body: Buffer
}

/** A data folder with an operator's door behind which the test answers: what the command line sends, and makes of answers. */
export interface FakeDoor {
  data: string
  asked: Asked[]
  answer: (asked: Asked) => { status?: number; body?: unknown; text?: string; cut?: true }
  close(): Promise<void>
}

export async function openFakeDoor(): Promise<FakeDoor> {
  const data = mkdtempSync(join(tmpdir(), 'vs-door-'))
  const folder = join(data, 'operator')
  mkdirSync(folder, { mode: 0o700 })
  writeFileSync(join(folder, 'token'), 'right', { mode: 0o600 })
  const door: FakeDoor = { data, asked: [], answer: () => ({ body: {} }), close: async () => {} }
  const server = createServer((request, response) => {
    const parts: Buffer[] = []
    request.on('data', (part: Buffer) => parts.push(part))
    request.on('end', () => {
      const asked = { method: request.method ?? '', path: request.url ?? '', headers: request.headers, body: Buffer.concat(parts) }
      door.asked.push(asked)
      const { status = 200, body, text = JSON.stringify(body), cut } = door.answer(asked)
      if (cut) {
        response.writeHead(200, { 'content-length': '100' })
        response.write('{"half":')
        setTimeout(() => response.destroy(), 20)
      } else response.writeHead(status, { 'content-type': 'application/json' }).end(text)
    })
  })
  await new Promise<void>((listening) => server.listen(join(folder, 'socket'), listening))
  chmodSync(data, 0o700)
  door.close = async () => {
    server.closeAllConnections()
    await new Promise((closed) => server.close(closed))
    rmSync(data, { recursive: true, force: true })
  }
  return door
}
