import type { Module } from '#core/module'
import { domain } from './contract.ts'
import { verifyOpenPgp } from './openpgp.ts'
import { domainChecks, type DomainParts } from './probes.ts'

export function createDomainModule(parts: DomainParts): Module {
  return { contract: domain, routes: [], checks: domainChecks({ verifyOpenPgp, ...parts }), obligations: [], reactions: [], sections: [] } satisfies Module<typeof domain>
}
