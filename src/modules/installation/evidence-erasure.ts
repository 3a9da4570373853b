import { uuid7 } from '#core/database'
import type { Check } from '#core/check'
import { isVouchsafeError } from '#core/errors'
import { withBodies } from './evidence-encryption.ts'
import type { InstallationParts } from './parts.ts'
import { DAY, fails, holds, selfCheck, unknown } from './self-check.ts'

export function evidenceErasureCheck({ organisation, vault, clock }: InstallationParts): Check {
  return selfCheck(
    {
      noun: 'evidence-erasure',
      title: 'Erased evidence stays erased, in copies too',
      controls: ['data-retention', 'key-management'],
      method: 'Keeps a body, copies its stored bytes, erases it, and puts the copy back as a restored backup would: it must not open, because its key is destroyed.',
      cadenceSeconds: DAY,
      revision: 1,
    },
    {
      targets: () => ['a marked body'],
      look: () =>
        withBodies(vault, () => uuid7(clock.now()), async ({ first }) => {
          const { objects } = organisation
          const copy = await objects.get(first.object)
          if (!copy) return unknown('the object store does not give back what was put')
          await vault.erase(first)
          if (await objects.head(first.object)) return fails('the body is still in the store after it was erased')
          await objects.put(first.object, copy)
          try {
            await vault.open(first)
            return fails('a copy of an erased body still opened; its key was not destroyed')
          } catch (error) {
            if (!isVouchsafeError(error, 'not-found')) throw error
            return holds('a copy put back after erasure did not open')
          }
        }),
    },
  )
}
