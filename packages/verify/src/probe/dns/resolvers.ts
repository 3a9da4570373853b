import { isIP } from 'node:net'
import { readFileSync } from 'node:fs'
import { ProbeError } from '../failure.ts'

export interface Server {
  address: string
  port: number
}

/** Reads `address`, `v4:port` or `[v6]:port`. @throws ProbeError `bad-target` */
export function parseServer(text: string): Server {
  if (isIP(text) !== 0) return { address: text, port: 53 }
  const match = /^(?:\[([^\]]+)\]|([^:]+)):([0-9]{1,5})$/.exec(text)
  const address = match?.[1] ?? match?.[2] ?? ''
  const port = Number(match?.[3])
  if (match === null || isIP(address) === 0 || port < 1 || port > 65535) throw new ProbeError('bad-target', 'a DNS server is given as an IP address, with a port if it is not 53')
  return { address, port }
}

/** The servers of a resolv.conf(5) file: the first three, as the C library reads them. */
export function parseResolvConf(text: string): Server[] {
  const servers: Server[] = []
  for (const line of text.split('\n')) {
    const address = /^nameserver[ \t]+(\S+)/.exec(line)?.[1]
    if (address !== undefined && isIP(address.split('%')[0]!) !== 0) servers.push({ address, port: 53 })
  }
  return servers.slice(0, 3)
}

/** The machine's own resolvers; the loopback address when none is named, as resolv.conf(5) says. */
export function machineServers(file = '/etc/resolv.conf'): Server[] {
  let text = ''
  try {
    text = readFileSync(file, 'utf8')
  } catch {
    // No such file: the default below is what the C library would use.
  }
  const servers = parseResolvConf(text)
  return servers.length > 0 ? servers : [{ address: '127.0.0.1', port: 53 }]
}
