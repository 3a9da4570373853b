import type { MigrationSet } from '#core/database'
import { VouchsafeError } from '#core/errors'
import type { Module } from '#core/module'

/**
 * Refuses a module that declares what the composition root does not carry out, before anything rests on it: tables that
 * nobody would make, and permissions about records that nobody describes, so that no rule could be made about them.
 * @throws VouchsafeError `internal`
 */
export function requireWired(modules: readonly Pick<Module, 'contract' | 'migrations'>[], migrations: readonly MigrationSet[]): void {
  for (const { contract, migrations: folder } of modules) {
    if (folder !== undefined && !migrations.some((set) => set.schema === contract.id && set.folder.href === folder.href)) throw new VouchsafeError('internal', `The tables of module ${contract.id} are not in the list of migrations.`, { mend: 'Add them to moduleMigrations in src/modules/index.ts.' })
    for (const permission of Object.keys(contract.permissions)) {
      const record = permission.slice(0, permission.lastIndexOf('.'))
      if (contract.records?.[record] === undefined) throw new VouchsafeError('internal', `The permission ${permission} of ${contract.id} is about records that its contract does not declare.`, { mend: `Declare the record type ${record} in the contract.` })
    }
  }
}
