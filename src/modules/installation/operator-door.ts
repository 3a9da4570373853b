import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Check } from '#core/check'
import { fileMode, octal } from './file-mode.ts'
import { ask } from './own-listener.ts'
import type { InstallationParts } from './parts.ts'
import { fails, holds, HOUR, selfCheck, unknown, type Sight } from './self-check.ts'

export function operatorDoorCheck({ localUrl, operatorFolder, routes }: InstallationParts): Check {
  return selfCheck(
    {
      noun: 'operator-door',
      title: "The operator's token opens nothing over the network",
      controls: ['access-least-privilege', 'secrets-managed'],
      method: "Reads the modes of the operator's socket, token and folder; then sends the real token over our own TCP listener, to addresses that only read: it must be refused there, because the operator's door is the socket alone.",
      cadenceSeconds: HOUR,
      revision: 1,
      allHold: () => "socket and token are closed to other accounts, and the token itself was refused over TCP",
    },
    {
      targets: () => ['socket and token', 'token over TCP'],
      look: (target, { signal }) => (target === 'token over TCP' ? tryToken(signal) : lookAtFiles()),
    },
  )

  async function lookAtFiles(): Promise<Sight> {
    const [folder, token, socket] = await Promise.all([fileMode(operatorFolder), fileMode(join(operatorFolder, 'token')), fileMode(join(operatorFolder, 'socket'))])
    if (!folder || !token) return unknown("the operator's door is not open")
    if ((folder.mode & 0o077) !== 0) return fails(`the operator's folder has mode ${octal(folder.mode)}; run chmod 700 on it`)
    for (const [name, file] of [['token', token], ['socket', socket]] as const) {
      if (file && (file.mode & 0o077) !== 0) return fails(`the operator's ${name} has mode ${octal(file.mode)}; run chmod 600 on it and start again for a new token`)
    }
    return holds('closed to other accounts')
  }

  async function tryToken(signal: AbortSignal): Promise<Sight> {
    const token = await readFile(join(operatorFolder, 'token'), 'utf8').then((text) => text.trim(), () => undefined)
    if (token === undefined) return unknown("the operator's token cannot be read")
    // Only what reads, and has no parameter to fill in: should the token be taken, nothing is changed by it.
    const reading = ['/metrics', ...routes().filter(({ method, path, permit }) => method === 'GET' && permit !== 'anyone' && !/[{:]/.test(path)).map(({ path }) => path)]
    for (const path of reading) {
      const { status } = await ask(localUrl(), path, { headers: { authorization: `Bearer ${token}` }, signal })
      if (status < 400) return fails(`GET ${path} took the operator's token over TCP`, { path, status })
      if (status !== 401 && status !== 403) return unknown(`GET ${path} answered ${status}`, { path, status })
    }
    return holds(`refused by ${reading.length} addresses`, { addresses: reading })
  }
}
