import { readFileSync } from 'node:fs'
import path from 'node:path'
import { outboundDoor, parseDeclaredChecks, runIsolated, toCheck } from '#core/check'
import type { CheckResult } from '#core/check'

export const recipeFolder = path.resolve(import.meta.dirname, '../../examples/checks')
export const read = (file: string): string => readFileSync(path.join(recipeFolder, file), 'utf8')

/** Runs one check of a recipe against a server of the tests, with settings and secrets in place of a company's own. */
export async function runRecipe(file: string, id: string, settings: Record<string, string>, secrets: Record<string, string>, edit = (text: string) => text): Promise<CheckResult & { waits: number[] }> {
  const declared = parseDeclaredChecks(edit(read(file)), { file }).find((check) => check.id === id)
  if (!declared) throw new Error(`${file} has no ${id}`)
  const waits: number[] = []
  const check = toCheck(declared, {
    fetch: outboundDoor,
    allowPrivate: true,
    settings,
    secrets: { secret: async (name) => secrets[name] },
    wait: async (ms) => void waits.push(ms),
  })
  return { ...(await runIsolated(check, { at: new Date(), attempt: 1, timeLimitSeconds: declared.timeLimit })), waits }
}
