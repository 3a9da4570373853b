import type { MigrationSet } from '#core/database'
import { VouchsafeError } from '#core/errors'
import type { Module } from '#core/module'

/**
 * Refuses a module that declares what the composition root does not carry out, before anything rests on it: tables that
 * nobody would make, and reactions, which nothing calls yet. The first module that brings one wires it here.
 * @throws VouchsafeError `internal`
 */
export function requireWired(modules: readonly Pick<Module, 'contract' | 'migrations' | 'reactions'>[], migrations: readonly MigrationSet[]): void {
  for (const { contract, migrations: folder, reactions } of modules) {
    if (folder !== undefined && !migrations.some((set) => set.schema === contract.id && set.folder.href === folder.href)) throw new VouchsafeError('internal', `The tables of module ${contract.id} are not in the list of migrations.`, { mend: 'Add them to moduleMigrations in src/modules/index.ts.' })
    if (reactions.length > 0) throw new VouchsafeError('internal', `Module ${contract.id} reacts to events, and nothing tells it of them.`, { mend: 'Carry reactions out in src/installation.ts.' })
  }
}
