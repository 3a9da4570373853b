import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Check, CheckDefinition, CheckEngine, CheckId } from '#core/check'
import { outboundDoor, parseDeclaredChecks, toCheck } from '#core/check/declared'
import type { Clock } from '#core/clock'
import type { OrganisationDatabase } from '#core/database'
import { VouchsafeError } from '#core/errors'

export interface DeclaredChecks {
  checks: readonly Check[]
  pushed: ReadonlyMap<CheckId, CheckDefinition>
  push(bytes: Uint8Array, parts: { db: OrganisationDatabase; engine: CheckEngine; clock: Clock }): Promise<{ check: string; recorded: number }>
}

/** Reads the company's own checks from a folder of YAML files. A file that cannot be read stops the start, and says why. */
export async function loadDeclaredChecks(folder: string, options: { allowPrivate: boolean; allowCommands: boolean; clock: Clock }): Promise<DeclaredChecks> {
  const files = existsSync(folder) ? readdirSync(folder).filter((name) => /\.ya?ml$/.test(name)).sort() : []
  const declared = files.flatMap((name) => parseDeclaredChecks(readFileSync(join(folder, name), 'utf8'), { file: name }))
  return {
    checks: declared.map((declaration) => toCheck(declaration, { fetch: outboundDoor, allowPrivate: options.allowPrivate, allowCommands: options.allowCommands, clock: options.clock })),
    pushed: new Map(),
    push: async () => {
      throw new VouchsafeError('unsupported', 'No sender has been configured.')
    },
  }
}
