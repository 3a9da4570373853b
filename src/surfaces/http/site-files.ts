import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { loadAssets, type SiteAssets } from '../site/index.ts'

/** The stylesheet carries the organisation's accent, so assets are made anew when that changes. */
export async function accentedAssets(accentNow: () => Promise<string | undefined>): Promise<{ current(): SiteAssets; refresh(): Promise<void> }> {
  let accent = await accentNow()
  const load = (): SiteAssets => loadAssets(accent === undefined ? {} : { accent })
  let assets = load()
  return {
    current: () => assets,
    async refresh() {
      const now = await accentNow()
      if (now === accent) return
      accent = now
      assets = load()
    },
  }
}

/** The JSON Schemas of statements and bundles, by file name; nothing else of their folder's surroundings. */
export function schemaFiles(folder: string): (name: string) => Buffer | undefined {
  const names = existsSync(folder) ? new Set(readdirSync(folder)) : new Set<string>()
  return (name) => (names.has(name) ? readFileSync(join(folder, name)) : undefined)
}
