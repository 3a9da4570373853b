import { request } from 'node:http'

/** An open stream of what happens (`GET /api/v1/events`), as a console holds one. */
export interface Listening {
  /** The status, once the stream speaks or is refused. */
  opened: Promise<number>
  names(): string[]
  isOver(): boolean
  close(): void
}

/** @param where a port on loopback, or the operator's socket */
export function listen(where: number | { socketPath: string }, cookie: string | undefined, headers: Record<string, string> = {}): Listening {
  let text = ''
  let over = false
  const asking = request({ ...(typeof where === 'number' ? { host: '127.0.0.1', port: where } : where), path: '/api/v1/events', agent: false, headers: { host: typeof where === 'number' ? `localhost:${where}` : 'localhost', ...(cookie === undefined ? {} : { cookie }), ...headers } })
  const opened = new Promise<number>((done, fail) => {
    asking.once('response', (incoming) => {
      incoming.on('data', (chunk: Buffer) => {
        text += chunk.toString()
        done(incoming.statusCode ?? 0)
      })
      incoming.on('error', () => {}) // the server was killed: 'close' follows
      incoming.once('close', () => (over = true))
      if (incoming.statusCode !== 200) done(incoming.statusCode ?? 0)
    })
    asking.once('error', fail)
  })
  asking.end()
  return { opened, names: () => [...text.matchAll(/^data: (.*)$/gm)].map(([, data]) => (JSON.parse(data ?? '{}') as { name: string }).name), isOver: () => over, close: () => void asking.destroy() }
}
