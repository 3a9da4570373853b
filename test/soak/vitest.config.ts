import path from 'node:path'
import { defineConfig } from 'vitest/config'
import base from '../../vitest.config.ts'

// The long trials, one after another: each wants the machine for itself. `npm test` runs samples of them only.
export default defineConfig({
  ...base,
  root: path.resolve(import.meta.dirname, '../..'),
  test: { ...base.test, include: ['test/soak/**/*.soak.ts'], exclude: ['**/node_modules/**'], maxWorkers: 1, fileParallelism: false, testTimeout: 6 * 3_600_000, hookTimeout: 600_000 },
})
