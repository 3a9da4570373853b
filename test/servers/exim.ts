import { chownSync, existsSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { findProgram, startDaemon, type Daemon } from './programs.ts'

export interface Exim {
  port: number
  /** What was delivered, as it lies in the mailbox, oldest first. */
  letters(): string[]
  /** Everything it wrote of itself. */
  log(): string
  /** Ends it; what was delivered stays. */
  stop(): Promise<void>
}

export interface EximOptions {
  port: number
  /** Its certificate and key (PEM files): offers STARTTLS, and asks for it. */
  tls?: { certificate: string; key: string }
  /** TLS from the first byte on (RFC 8314), instead of STARTTLS. */
  implicit?: true
  /** Who may send; without one, everybody. Asked for over TLS only. */
  user?: { name: string; password: string }
}

/** An account that owns nothing here; a mail server that runs as root would give its rights away in ways of its own. */
const NOBODY = 65_534

/**
 * A real mail server on loopback, in a folder of its own, as an account without rights. Everything that it takes goes into
 * one mailbox (maildir). `nobody@…` is refused for good, `later@…` for now.
 */
export async function startExim(folder: string, options: EximOptions): Promise<Exim> {
  const program = findProgram('exim4')
  if (program === undefined) throw new Error('exim4 is not installed')
  const asRoot = process.getuid?.() === 0
  const account = asRoot ? NOBODY : (process.getuid?.() ?? NOBODY)
  const group = asRoot ? NOBODY : (process.getgid?.() ?? NOBODY)
  const file = path.join(folder, 'exim.conf')
  for (const name of ['', 'spool', 'mail', 'log']) {
    mkdirSync(path.join(folder, name), { recursive: true })
    if (asRoot) chownSync(path.join(folder, name), account, group)
  }
  const tls: Record<string, string> = {}
  const given = options.tls === undefined ? {} : { certificate: options.tls.certificate, key: options.tls.key }
  for (const [name, from] of Object.entries(given)) {
    // A copy that this account can read; keys of tests are its own business.
    tls[name] = path.join(folder, `${name}.pem`)
    writeFileSync(tls[name], readFileSync(from), { mode: 0o600 })
    if (asRoot) chownSync(tls[name], account, group)
  }
  writeFileSync(file, configuration(folder, options, tls, account, group))
  const args = ['-C', file, '-bdf']
  const daemon: Daemon = await (asRoot
    ? startDaemon('/usr/bin/setpriv', [`--reuid=${account}`, `--regid=${group}`, '--clear-groups', program, ...args], [{ address: '127.0.0.1', port: options.port }])
    : startDaemon(program, args, [{ address: '127.0.0.1', port: options.port }]))
  return {
    port: options.port,
    letters() {
      const box = path.join(folder, 'mail', 'new')
      if (!existsSync(box)) return []
      return readdirSync(box)
        .sort()
        .map((name) => readFileSync(path.join(box, name), 'utf8'))
    },
    log: () => `${daemon.output()}${readdirSync(path.join(folder, 'log')).map((name) => readFileSync(path.join(folder, 'log', name), 'utf8')).join('')}`,
    stop: () => daemon.stop(),
  }
}

const configuration = (folder: string, { port, user, implicit }: EximOptions, tls: Record<string, string>, account: number, group: number): string => `
primary_hostname = mail.example.test
spool_directory = ${folder}/spool
log_file_path = ${folder}/log/%s
pid_file_path = ${folder}/exim.pid
local_interfaces = 127.0.0.1
daemon_smtp_ports = ${port}
exim_user = ${account}
exim_group = ${group}
never_users =
keep_environment =
host_lookup =
message_logs = false
rfc1413_query_timeout = 0s
smtp_accept_max = 50
acl_smtp_rcpt = recipient
acl_smtp_data = data
${tls['certificate'] === undefined ? 'tls_advertise_hosts =' : `tls_advertise_hosts = *\ntls_certificate = ${tls['certificate']}\ntls_privatekey = ${tls['key']}`}
${implicit ? `tls_on_connect_ports = ${port}` : ''}

begin acl
recipient:
  ${user === undefined ? '' : 'deny message = sign in first\n       !authenticated = *'}
  deny message = nobody here by that name
       condition = \${if eq{$local_part}{nobody}}
  defer message = come back later
       condition = \${if eq{$local_part}{later}}
  accept
data:
  accept

begin routers
everybody:
  driver = accept
  transport = box

begin transports
box:
  driver = appendfile
  directory = ${folder}/mail
  maildir_format
  create_directory
  user = ${account}
  group = ${group}

begin authenticators
${
  user === undefined
    ? ''
    : `plain:
  driver = plaintext
  public_name = PLAIN
  server_prompts = :
  server_advertise_condition = \${if def:tls_in_cipher}
  server_condition = \${if and{{eq{$auth2}{${user.name}}}{eq{$auth3}{${user.password}}}}}
  server_set_id = $auth2`
}
`
