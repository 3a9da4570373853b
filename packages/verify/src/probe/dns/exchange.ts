import { createSocket } from 'node:dgram'
import { connect, isIPv6 } from 'node:net'
import { randomInt } from 'node:crypto'
import { ProbeError, asProbeError } from '../failure.ts'
import { RECORD_TYPES, readMessage, writeQuery } from './message.ts'
import type { DnsMessage, RecordType } from './message.ts'
import type { Server } from './resolvers.ts'

export interface Question {
  name: string
  type: RecordType
  checkingDisabled?: boolean
}

/**
 * Asks one server: by UDP, and again by TCP when the answer was cut (RFC 7766 §5).
 * The socket is connected, so the system drops datagrams of other senders; its port and the id are random, and an
 * answer that is not to our question is passed over rather than believed (RFC 5452 §9.1).
 * @throws ProbeError `timeout`, `refused`, `malformed`
 */
export async function ask(server: Server, question: Question, timeoutMs: number): Promise<DnsMessage> {
  const id = randomInt(0x10000)
  const query = writeQuery(id, question.name, question.type, question.checkingDisabled)
  const accept = (bytes: Buffer): DnsMessage | undefined => {
    const message = readMessage(bytes)
    return answers(message, id, question) ? message : undefined
  }
  const reply = await askByUdp(server, query, timeoutMs, accept)
  return reply.truncated ? await askByTcp(server, query, timeoutMs, accept) : reply
}

function answers(message: DnsMessage, id: number, question: Question): boolean {
  if (message.id !== id || !message.response) return false
  // A server that cannot read the question (FORMERR, NOTIMP) may leave it out.
  if (message.question === undefined) return message.rcode === 1 || message.rcode === 4
  return message.question.type === RECORD_TYPES[question.type] && message.question.name === question.name.toLowerCase().replace(/\.$/, '')
}

type Accept = (bytes: Buffer) => DnsMessage | undefined

function askByUdp(server: Server, query: Buffer, timeoutMs: number, accept: Accept): Promise<DnsMessage> {
  return new Promise((resolve, reject) => {
    const socket = createSocket(isIPv6(server.address) ? 'udp6' : 'udp4')
    const end = (settle: () => void): void => {
      clearTimeout(timer)
      socket.removeAllListeners()
      socket.on('error', () => {}) // a late ICMP error after the end concerns nobody
      socket.close()
      settle()
    }
    const timer = setTimeout(() => end(() => reject(new ProbeError('timeout', 'the DNS server did not answer in time'))), timeoutMs)
    socket.on('error', (error) => end(() => reject(asProbeError(error, 'asking the DNS server'))))
    socket.on('message', (bytes) => {
      let message: DnsMessage | undefined
      try {
        message = accept(bytes)
      } catch {
        return // garbage may be a forger's: the real answer may still come
      }
      if (message !== undefined) end(() => resolve(message))
    })
    socket.connect(server.port, server.address, () => socket.send(query))
  })
}

function askByTcp(server: Server, query: Buffer, timeoutMs: number, accept: Accept): Promise<DnsMessage> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host: server.address, port: server.port })
    let received: Buffer = Buffer.alloc(0)
    const end = (settle: () => void): void => {
      clearTimeout(timer)
      socket.removeAllListeners()
      socket.on('error', () => {})
      socket.destroy()
      settle()
    }
    const timer = setTimeout(() => end(() => reject(new ProbeError('timeout', 'the DNS server did not answer by TCP in time'))), timeoutMs)
    socket.on('error', (error) => end(() => reject(asProbeError(error, 'asking the DNS server by TCP'))))
    socket.on('close', () => end(() => reject(new ProbeError('refused', 'the DNS server closed the connection without an answer'))))
    socket.on('connect', () => {
      const length = Buffer.alloc(2)
      length.writeUInt16BE(query.length)
      socket.write(Buffer.concat([length, query]))
    })
    socket.on('data', (chunk: Buffer) => {
      received = Buffer.concat([received, chunk]) // at most 64 KiB and a chunk: one message, then the end
      if (received.length < 2 || received.length < 2 + received.readUInt16BE(0)) return
      try {
        const message = accept(received.subarray(2, 2 + received.readUInt16BE(0)))
        if (message === undefined || message.truncated) throw new ProbeError('malformed', 'a DNS answer by TCP that is not to our question')
        end(() => resolve(message))
      } catch (error) {
        end(() => reject(asProbeError(error, 'asking the DNS server by TCP')))
      }
    })
  })
}
