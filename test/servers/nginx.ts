import { mkdirSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { findProgram, startDaemon } from './programs.ts'
import type { Daemon } from './programs.ts'

export interface NginxSetup {
  /** A folder that nobody else uses; it is served as root when a server block names no other. */
  folder: string
  /** `server { … }` blocks and whatever else belongs into `http { … }`. */
  http: string
  /** What must accept connections before the start counts as done. */
  ready: readonly { address: string; port: number }[]
}

/**
 * Starts the system's nginx in the foreground, with every path inside the given folder.
 * Its TLS library runs at security level 0: level 2, Debian's default, quietly turns old versions and short keys into
 * start-up errors, and the point of these servers is to have them.
 */
export function startNginx(setup: NginxSetup): Promise<Daemon> {
  const program = findProgram('nginx')
  if (program === undefined) throw new Error('nginx is absent')
  const { folder } = setup
  for (const name of ['body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']) mkdirSync(path.join(folder, name), { recursive: true })
  const at = (name: string): string => path.join(folder, name)
  writeFileSync(at('openssl.cnf'), 'openssl_conf = all\n[all]\nssl_conf = ssl\n[ssl]\nsystem_default = level\n[level]\nMinProtocol = None\nCipherString = ALL:COMPLEMENTOFALL:@SECLEVEL=0\n')
  const user = process.getuid?.() === 0 ? 'user root;' : ''
  writeFileSync(
    at('nginx.conf'),
    `daemon off;
master_process on;
worker_processes 1;
${user}
pid ${at('nginx.pid')};
error_log stderr error;
events { worker_connections 256; }
http {
  access_log off;
  default_type text/html;
  types { text/html html; text/plain txt; }
  client_body_temp_path ${at('body')};
  proxy_temp_path ${at('proxy')};
  fastcgi_temp_path ${at('fastcgi')};
  uwsgi_temp_path ${at('uwsgi')};
  scgi_temp_path ${at('scgi')};
  root ${folder};
  ${setup.http}
}
`,
  )
  return startDaemon(program, ['-p', folder, '-c', at('nginx.conf'), '-e', 'stderr'], setup.ready, { OPENSSL_CONF: at('openssl.cnf') })
}

/** The lines of a server block that make it speak TLS with the given certificate. */
export function tlsLines(options: { port: number; address?: string; certificate: string; key: string; protocols?: string; ciphers?: string }): string {
  return `
  listen ${options.address ?? '127.0.0.1'}:${options.port} ssl;
  ssl_certificate ${options.certificate};
  ssl_certificate_key ${options.key};
  ssl_protocols ${options.protocols ?? 'TLSv1.2 TLSv1.3'};
  ssl_ciphers ${options.ciphers ?? 'ECDHE+AESGCM:ECDHE+CHACHA20'};
  ssl_prefer_server_ciphers on;
`
}
