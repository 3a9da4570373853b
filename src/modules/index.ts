import type { Clock } from '#core/clock'
import type { MigrationSet } from '#core/database'
import type { Module } from '#core/module'
import { createDomainModule } from './domain/module.ts'
import { createInstallationModule } from './installation/module.ts'
import type { InstallationParts } from './installation/index.ts'

/** What the composition root hands to the modules. */
export interface ModuleParts extends InstallationParts {
  clock: Clock
  /** Whether addresses that people give may lead into private networks. */
  allowPrivate: boolean
}

/** Every module, in the order of their needs. To add one: its folder, and a line here. */
export const assembleModules = (parts: ModuleParts): readonly Module[] => [
  createInstallationModule(parts),
  createDomainModule({ hosts: () => declaredHosts(parts), allowPrivate: parts.allowPrivate, clock: parts.clock }),
]

/** Tables that modules bring, in the same order. Neither of these two keeps any. */
export const moduleMigrations: readonly MigrationSet[] = []

/** The hosts in the settings; without any, the one of the public address. */
async function declaredHosts({ settings }: ModuleParts): Promise<readonly string[]> {
  const { hosts = [], publicUrl } = await settings()
  if (hosts.length > 0 || publicUrl === undefined) return hosts
  return [new URL(publicUrl).host]
}
