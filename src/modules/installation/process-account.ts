import { readFile } from 'node:fs/promises'
import { url as debuggerUrl } from 'node:inspector'
import type { Check } from '#core/check'
import type { InstallationParts } from './parts.ts'
import { fails, holds, HOUR, selfCheck, unknown, type Sight } from './self-check.ts'

export function processAccountCheck(_parts: InstallationParts): Check {
  return selfCheck(
    {
      noun: 'process-account',
      title: 'The program runs without the rights of an administrator',
      controls: ['access-least-privilege'],
      method: 'Reads the account that the program runs as, and on Linux its effective capabilities: neither root nor a capability is needed.',
      cadenceSeconds: HOUR,
      revision: 1,
    },
    {
      targets: () => ['program'],
      look: async () => judgeAccount(process.geteuid?.(), await capabilities()),
    },
  )
}

/** @param capabilities effective capabilities as a mask; undefined where the system has none */
export function judgeAccount(uid: number | undefined, capabilities: bigint | undefined): Sight {
  if (uid === undefined) return unknown('this system does not tell the account')
  if (uid === 0) return fails('the program runs as root, though it needs no right of root; run it as an account of its own', { uid })
  if (capabilities !== undefined && capabilities !== 0n) return fails('the program holds capabilities that it does not need; start it without them', { uid, capabilities: capabilities.toString(16) })
  return holds(`the program runs as ordinary account ${uid}${capabilities === undefined ? '' : ', without any capability'}`, { uid })
}

async function capabilities(): Promise<bigint | undefined> {
  const status = await readFile('/proc/self/status', 'utf8').catch(() => '')
  const mask = /^CapEff:\s*([0-9a-f]+)$/m.exec(status)?.[1]
  return mask === undefined ? undefined : BigInt(`0x${mask}`)
}

export function debuggerCheck(_parts: InstallationParts): Check {
  return selfCheck(
    {
      noun: 'debugger',
      title: 'No debugger can be attached',
      controls: ['secure-defaults', 'environments-separated'],
      method: 'Asks the runtime whether its inspector is open, and reads its options and environment for switches of development: inspection, insecure TLS, loaders put before the program.',
      cadenceSeconds: HOUR,
      revision: 1,
    },
    {
      targets: () => ['program'],
      look: () => judgeSwitches(debuggerUrl() !== undefined, process.execArgv, process.env),
    },
  )
}

/** Switches that open the program or weaken what it checks; a loader could replace any of its code. */
const SWITCHES = /^--(inspect|debug|require|import|loader|experimental-loader|tls-min-v1\.[01]|tls-cipher-list|security-revert|insecure-http-parser|openssl-(legacy-provider|config|shared-config))/

export function judgeSwitches(inspectorOpen: boolean, options: readonly string[], environment: Readonly<Record<string, string | undefined>>): Sight {
  if (inspectorOpen) return fails("the runtime's debugger is open; start without --inspect")
  const all = [...options, ...(environment['NODE_OPTIONS'] ?? '').split(/\s+/)]
  const found = all.find((option) => SWITCHES.test(option) || option === '-r')
  // The name alone: a value may be a path or a secret.
  if (found !== undefined) return fails(`the runtime was started with ${found.split('=')[0]}; start it without`)
  if (environment['NODE_TLS_REJECT_UNAUTHORIZED'] === '0') return fails('certificates are not verified (NODE_TLS_REJECT_UNAUTHORIZED is 0); unset it')
  if (environment['SSLKEYLOGFILE']) return fails('keys of TLS sessions are written to a file (SSLKEYLOGFILE); unset it')
  return holds('the debugger is closed, and no switch of development is set')
}
