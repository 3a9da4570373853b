/** The log room's front door. */
export { Log, succeed, type LogParts } from './log.ts'
export { folderGuard, objectGuard, type Guard } from './guard.ts'
export { objectsOf, readHashes, readTile, type LogObjects } from './objects.ts'
export { logKeyOf, newOrganisationId, newOrigin, organisationOf } from './origin.ts'
export { servedEntry, type LogResponse } from './serving.ts'
export { logMigrations, LogStore, type LogIdentity, type ServedEntry } from './store.ts'
