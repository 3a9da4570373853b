import { ProbeError } from '../failure.ts'
import { ask } from './exchange.ts'
import { RECORD_TYPES } from './message.ts'
import type { DnsMessage, DnsRecord, RecordData, RecordType } from './message.ts'
import type { Server } from './resolvers.ts'

/** What DNS says about a name: `none` covers both "no such name" (`exists` false) and "no such record". */
export interface Answer {
  records: readonly RecordData[]
  exists: boolean
  /** The name at the end of the CNAME chain. */
  finalName: string
  /** True only when every step of the answer carried the AD flag. */
  authentic: boolean
  /** Owner of the SOA in a negative answer: the zone that says no. */
  zone: string | undefined
}

/** Limits of one recursive lookup. Eleven aliases in a row is more than any sane zone; resolvers stop near there too. */
const MAX_ALIASES = 10

/** A stub resolver (RFC 1034 §5.3.1) that asks the given recursive servers in order. */
export class Lookup {
  readonly servers: readonly Server[]
  readonly #timeoutMs: () => number
  readonly #memory = new Map<string, Promise<Answer>>()

  /** @param timeoutMs time left for one question, asked at each one so that a visit's end cuts it short */
  constructor(servers: readonly Server[], timeoutMs: () => number) {
    this.servers = servers
    this.#timeoutMs = timeoutMs
  }

  /**
   * Records of one type, following aliases. An empty list is an answer; silence is an error.
   * @throws ProbeError `dns`, `malformed`
   */
  find(name: string, type: RecordType): Promise<Answer> {
    const key = `${type} ${name}`
    let answer = this.#memory.get(key)
    if (answer === undefined) {
      answer = this.#find(name.toLowerCase(), type)
      this.#memory.set(key, answer)
    }
    return answer
  }

  async texts(name: string): Promise<string[]> {
    return (await this.find(name, 'TXT')).records.flatMap((data) => (data.kind === 'txt' ? [data.text] : []))
  }

  async addresses(name: string): Promise<string[]> {
    const answers = await Promise.allSettled([this.find(name, 'A'), this.find(name, 'AAAA')])
    const found = answers.flatMap((answer) => (answer.status === 'fulfilled' ? answer.value.records : [])).flatMap((data) => (data.kind === 'address' ? [data.address] : []))
    const failure = answers.find((answer) => answer.status === 'rejected')
    if (found.length === 0 && failure !== undefined) throw failure.reason
    return found
  }

  async #find(name: string, type: RecordType): Promise<Answer> {
    let current = name
    let authentic = true
    const visited = new Set<string>()
    for (;;) {
      const message = await this.message(current, type)
      authentic &&= message.authentic
      const end = followAliases(current, message.answers, type, visited)
      const records = message.answers.filter((record) => record.name === end && record.type === RECORD_TYPES[type]).map((record) => record.data)
      const soa = message.authority.find((record) => record.type === RECORD_TYPES.SOA)
      const done = records.length > 0 || end === current || message.rcode === 3 || soa !== undefined
      if (done) return { records, exists: message.rcode !== 3, finalName: end, authentic, zone: records.length > 0 ? undefined : soa?.name }
      current = end
    }
  }

  /**
   * The bare message of the first server that gives one with NOERROR or NXDOMAIN.
   * @throws ProbeError `dns` when none does
   */
  async message(name: string, type: RecordType, checkingDisabled = false): Promise<DnsMessage> {
    let failure = new ProbeError('dns', 'no DNS server is known')
    // Two rounds: one lost datagram must not make a host unknown.
    for (const server of [...this.servers, ...this.servers]) {
      const timeoutMs = this.#timeoutMs()
      if (timeoutMs <= 0) break
      try {
        const message = await ask(server, { name, type, checkingDisabled }, Math.max(1, Math.min(timeoutMs, MAX_QUESTION_MS)))
        if (message.rcode === 0 || message.rcode === 3) return message
        failure = new ServerFailure(message.rcode, name)
        if (message.rcode === 2) continue
      } catch (error) {
        if (error instanceof ProbeError && error.code === 'bad-target') throw error
        failure = new ProbeError('dns', `looking up ${type} of ${name}: ${error instanceof Error ? error.message : 'no answer'}`, { cause: error })
      }
    }
    throw failure
  }
}

// A resolver that has not answered within this has lost the datagram; asking again is better than waiting.
const MAX_QUESTION_MS = 5_000

/** The server answered that it could not (SERVFAIL, REFUSED …). */
export class ServerFailure extends ProbeError {
  readonly rcode: number
  constructor(rcode: number, name: string) {
    super('dns', `the DNS server gave up on ${name} (${RCODES[rcode] ?? `code ${rcode}`})`)
    this.rcode = rcode
  }
}

const RCODES: Record<number, string> = { 1: 'FORMERR', 2: 'SERVFAIL', 4: 'NOTIMP', 5: 'REFUSED' }

function followAliases(name: string, answers: readonly DnsRecord[], type: RecordType, visited: Set<string>): string {
  let current = name
  visited.add(current)
  if (type === 'CNAME') return current
  for (;;) {
    const alias = answers.find((record) => record.name === current && record.type === RECORD_TYPES.CNAME)?.data
    if (alias?.kind !== 'name') return current
    current = alias.name
    if (visited.has(current) || visited.size > MAX_ALIASES) throw new ProbeError('dns', `the aliases of ${name} run in a circle or are too many`)
    visited.add(current)
  }
}
