/**
 * A load generator in a process of its own: `node bench/load.ts HOST PORT PATH CONNECTIONS SECONDS [RATE]`.
 * Without a rate each connection asks again as soon as it has its answer (closed loop). With one, requests are due at
 * fixed times whether or not the server keeps up, and latency counts from the time that was due, so that a pause of the
 * server is seen by everyone who would have asked meanwhile. Answers must have a Content-Length.
 */
import { connect, type Socket } from 'node:net'

export interface Load {
  requests: number
  perSecond: number
  /** Milliseconds. */
  p50: number
  p99: number
  failed: number
  /** Share of one core that the generator itself took: near 1, the figure is the generator's. */
  busy: number
}

const [host = '127.0.0.1', port = '80', path = '/', connections = '16', seconds = '5', rate] = process.argv.slice(2)
const request = `GET ${path} HTTP/1.1\r\nHost: ${host}:${port}\r\nAccept-Encoding: ${process.env['ACCEPT_ENCODING'] ?? 'identity'}\r\n\r\n`
const latencies: number[] = []
let failed = 0

/** One connection; `ask` resolves with the whole answer read. */
class Asker {
  readonly #socket: Socket
  #left = 0
  #head = ''
  #done: ((ok: boolean) => void) | undefined

  constructor() {
    this.#socket = connect({ host, port: Number(port), noDelay: true })
    this.#socket.on('data', (chunk) => this.#read(chunk))
    this.#socket.on('error', () => this.#done?.(false))
    this.#socket.on('close', () => this.#done?.(false))
  }

  ask(): Promise<boolean> {
    return new Promise((resolve) => {
      this.#done = resolve
      this.#socket.write(request)
    })
  }

  #read(chunk: Buffer): void {
    if (this.#left > 0) {
      this.#left -= chunk.length
    } else {
      this.#head += chunk.toString('latin1')
      const end = this.#head.indexOf('\r\n\r\n')
      if (end < 0) return
      const length = /\r\ncontent-length: (\d+)/i.exec(this.#head.slice(0, end))?.[1]
      if (!this.#head.startsWith('HTTP/1.1 200') || length === undefined) return this.#finish(false)
      this.#left = Number(length) - (this.#head.length - end - 4)
      this.#head = ''
    }
    if (this.#left <= 0) this.#finish(true)
  }

  #finish(ok: boolean): void {
    this.#left = 0
    const done = this.#done
    this.#done = undefined
    done?.(ok)
  }

  end(): void {
    this.#socket.destroy()
  }
}

const began = performance.now()
const until = began + Number(seconds) * 1000
const cpu = process.cpuUsage()
await Promise.all(
  Array.from({ length: Number(connections) }, async (_, index) => {
    const asker = new Asker()
    const everyMs = rate === undefined ? 0 : (Number(connections) * 1000) / Number(rate)
    let due = began + (everyMs * index) / Number(connections)
    while (performance.now() < until) {
      if (everyMs > 0) {
        // Timers have a grain of a millisecond; what is due within it is asked at once.
        const wait = due - performance.now()
        if (wait > 1) await new Promise((resolve) => setTimeout(resolve, wait))
      }
      const from = everyMs > 0 ? Math.min(due, performance.now()) : performance.now()
      if (await asker.ask()) latencies.push(performance.now() - from)
      else {
        failed++
        break
      }
      due += everyMs
    }
    asker.end()
  }),
)
const tookMs = performance.now() - began
const { user, system } = process.cpuUsage(cpu)
latencies.sort((a, b) => a - b)
const at = (p: number): number => latencies[Math.min(latencies.length - 1, Math.floor(latencies.length * p))] ?? Number.NaN
const load: Load = { requests: latencies.length, perSecond: (latencies.length * 1000) / tookMs, p50: at(0.5), p99: at(0.99), failed, busy: (user + system) / 1000 / tookMs }
console.log(JSON.stringify(load))
