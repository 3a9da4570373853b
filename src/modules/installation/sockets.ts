import { readdir, readFile, readlink } from 'node:fs/promises'

/** One TCP socket of a process, as Linux tells it. */
export interface TcpSocket {
  address: string
  port: number
  remoteAddress: string
  listening: boolean
}

/** TCP_LISTEN in /proc/net/tcp (net/tcp_states.h). */
const LISTEN = '0A'

/**
 * The TCP sockets that some processes hold, from /proc (Linux only).
 * @returns undefined where the system does not tell, or not about these processes
 */
export async function tcpSocketsOf(pids: readonly number[]): Promise<TcpSocket[] | undefined> {
  try {
    const inodes = new Set((await Promise.all(pids.map(inodesOf))).flat())
    const tables = await Promise.all(['tcp', 'tcp6'].map((name) => readFile(`/proc/net/${name}`, 'utf8').catch(() => '')))
    if (tables.every((table) => table === '')) return undefined
    return tables.flatMap(parseTcpTable).filter(({ inode }) => inodes.has(inode))
  } catch {
    return undefined
  }
}

async function inodesOf(pid: number): Promise<string[]> {
  const folder = `/proc/${pid}/fd`
  const links = await Promise.all((await readdir(folder)).map((fd) => readlink(`${folder}/${fd}`).catch(() => '')))
  return links.flatMap((link) => /^socket:\[(\d+)\]$/.exec(link)?.[1] ?? [])
}

/** Pure: reads the lines of /proc/net/tcp and tcp6 (proc_net_tcp). */
export function parseTcpTable(table: string): (TcpSocket & { inode: string })[] {
  return table.split('\n').slice(1).flatMap((line) => {
    const [, local, remote, state, , , , , , inode] = line.trim().split(/\s+/)
    if (!local || !remote || !state || !inode) return []
    return [{ ...endpoint(local), remoteAddress: endpoint(remote).address, listening: state === LISTEN, inode }]
  })
}

/** `0100007F:1F90` is 127.0.0.1:8080: words of four bytes in the byte order of the machine, which is little-endian wherever we run. */
function endpoint(text: string): { address: string; port: number } {
  const [hex = '', port = '0'] = text.split(':')
  const bytes = hex.match(/.{8}/g)?.flatMap((word) => word.match(/../g)!.reverse().map((byte) => Number.parseInt(byte, 16))) ?? []
  const v4 = bytes.length === 4 ? bytes : bytes.slice(0, 10).every((byte) => byte === 0) && bytes[10] === 255 && bytes[11] === 255 ? bytes.slice(12) : undefined
  const address = v4 ? v4.join('.') : Array.from({ length: 8 }, (_, at) => ((bytes[2 * at]! << 8) | bytes[2 * at + 1]!).toString(16)).join(':')
  return { address, port: Number.parseInt(port, 16) }
}

/** 127.0.0.0/8 and ::1. */
export const isLoopback = (address: string): boolean => address.startsWith('127.') || address === '0:0:0:0:0:0:0:1'
