import { startTemporaryServer } from '../../src/core/database/index.ts'
import type { MigrationSet, OrganisationDatabase, TemporaryServer } from '../../src/core/database/index.ts'

/** One embedded server for a test file: start it in `beforeAll`, stop it in `afterAll`. Takes about a second. */
export async function startTestDatabase(): Promise<TemporaryServer & { createTestOrganisation(options?: { migrations?: readonly MigrationSet[] }): Promise<OrganisationDatabase> }> {
  const server = await startTemporaryServer()
  return { ...server, createTestOrganisation: (options = {}) => server.createDatabase(options) }
}
