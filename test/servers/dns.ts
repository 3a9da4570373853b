import { execFileSync } from 'node:child_process'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { findProgram, freePort, startDaemon } from './programs.ts'

/** What a test needs installed to run these servers. */
export const DNS_PROGRAMS = ['named', 'dnssec-keygen', 'dnssec-signzone', 'unbound'] as const

export interface Zone {
  /** Without a last dot: `good.test`. */
  name: string
  /** Records in master-file form; SOA and NS are put in front. */
  records: string
  /**
   * `signed`: with keys of its own and a DS record above it. `bogus`: the same, with a DS that fits no key.
   * `unsigned`: neither.
   */
  dnssec: 'signed' | 'bogus' | 'unsigned'
}

export interface DnsServers {
  /** The authority, as `address:port`. It answers for every zone, without recursion and without AD. */
  authority: string
  /** A validating resolver in front of it, whose trust anchor is the key of this little root. */
  resolver: string
  stop(): Promise<void>
}

/**
 * A whole small DNS: BIND serves a signed root zone and the zones below it; Unbound resolves and validates.
 * Both listen on loopback, on ports of their own, and keep every file in the folder.
 */
export async function startDns(folder: string, zones: readonly Zone[]): Promise<DnsServers> {
  const home = path.join(folder, 'dns')
  mkdirSync(home, { recursive: true })
  const ports = { authority: await freePort(), resolver: await freePort() }
  const files = new Map<string, string>()
  for (const zone of zones) files.set(zone.name, writeZone(home, zone))
  const delegations = zones.map((zone) => `${zone.name}. NS ns.root-servers.test.\n${zone.dnssec === 'unsigned' ? '' : delegationSigner(home, zone)}`).join('')
  files.set('.', writeZone(home, { name: '.', dnssec: 'signed', records: `ns.root-servers.test. A 127.0.0.1\n${delegations}` }))
  const authority = await startAuthority(home, ports.authority, files)
  try {
    const resolver = await startResolver(home, ports.resolver, ports.authority)
    return {
      authority: `127.0.0.1:${ports.authority}`,
      resolver: `127.0.0.1:${ports.resolver}`,
      stop: async () => {
        await resolver.stop()
        await authority.stop()
      },
    }
  } catch (error) {
    await authority.stop()
    throw error
  }
}

const stemOf = (name: string): string => (name === '.' ? 'root' : name)

function writeZone(home: string, zone: Zone): string {
  const origin = zone.name === '.' ? '.' : `${zone.name}.`
  const file = path.join(home, `${stemOf(zone.name)}.zone`)
  const head = `$ORIGIN ${origin}\n$TTL 60\n@ SOA ns.root-servers.test. hostmaster.root-servers.test. 1 3600 600 86400 60\n@ NS ns.root-servers.test.\n`
  writeFileSync(file, `${head}${zone.records}\n`)
  if (zone.dnssec === 'unsigned') return file
  const key = (...flags: string[]): string => execFileSync(findProgram('dnssec-keygen')!, ['-a', 'ECDSAP256SHA256', '-K', home, ...flags, origin], { cwd: home, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] }).trim()
  const signingKey = key('-f', 'KSK')
  key()
  // The public key in the form that a trust anchor takes.
  writeFileSync(path.join(home, `${stemOf(zone.name)}.anchor`), readFileSync(path.join(home, `${signingKey}.key`)))
  execFileSync(findProgram('dnssec-signzone')!, ['-S', '-K', home, '-d', home, '-o', origin, '-f', `${file}.signed`, file], { cwd: home, stdio: ['ignore', 'pipe', 'pipe'] })
  return `${file}.signed`
}

function delegationSigner(home: string, zone: Zone): string {
  const text = readFileSync(path.join(home, `dsset-${zone.name}.`), 'utf8')
  // One wrong octet in the digest makes every signature below it count for nothing.
  return zone.dnssec === 'bogus' ? text.replace(/([0-9A-F])(\s*)$/, (_, last: string, end: string) => `${last === '0' ? '1' : '0'}${end}`) : text
}

function startAuthority(home: string, port: number, files: ReadonlyMap<string, string>): ReturnType<typeof startDaemon> {
  const zones = [...files].map(([name, file]) => `zone "${name}" { type primary; file "${file}"; };`).join('\n')
  const conf = path.join(home, 'named.conf')
  writeFileSync(
    conf,
    `options {
  directory "${home}";
  listen-on port ${port} { 127.0.0.1; };
  listen-on-v6 { none; };
  pid-file none;
  session-keyfile "${home}/session.key";
  managed-keys-directory "${home}";
  lock-file none;
  recursion no;
  dnssec-validation no;
  allow-query { any; };
  notify no;
  minimal-responses no;
  max-udp-size 1232;
};
controls { };
${zones}
`,
  )
  return startDaemon(findProgram('named')!, ['-g', '-c', conf, '-n', '1'], [{ address: '127.0.0.1', port }])
}

function startResolver(home: string, port: number, authorityPort: number): ReturnType<typeof startDaemon> {
  const conf = path.join(home, 'unbound.conf')
  writeFileSync(
    conf,
    `server:
  directory: "${home}"
  chroot: ""
  username: ""
  pidfile: ""
  use-syslog: no
  logfile: ""
  interface: 127.0.0.1@${port}
  access-control: 127.0.0.0/8 allow
  do-not-query-localhost: no
  do-ip6: no
  num-threads: 1
  module-config: "validator iterator"
  trust-anchor-file: "${home}/root.anchor"
  local-zone: "test." nodefault
  qname-minimisation: no
  harden-dnssec-stripped: yes
stub-zone:
  name: "."
  stub-addr: 127.0.0.1@${authorityPort}
  stub-prime: no
remote-control:
  control-enable: no
`,
  )
  return startDaemon(findProgram('unbound')!, ['-d', '-c', conf], [{ address: '127.0.0.1', port }])
}
