import { connectExternal, startEmbedded, type DatabaseServer } from '#core/database'
import { folderGuard, objectGuard, type Guard } from '#core/log'
import { S3Objects, s3OptionsFrom, type ObjectStore } from '#core/objects'
import type { OrganisationId } from '#core/organisation'

/** Where an installation keeps what it keeps: the same for the server and for whatever works on a stopped one. */
export interface StorageOptions {
  data: string
  databaseUrl?: string
  /** `s3://bucket/prefix?…`: where evidence and tiles lie, instead of in the data folder. */
  objectsUrl?: string
}

/** Opens the database, and holds the data folder for this process alone. */
export async function openServer({ data, databaseUrl }: StorageOptions, report: (problem: string) => void): Promise<DatabaseServer> {
  if (databaseUrl !== undefined) return connectExternal({ url: databaseUrl, dataFolder: data })
  return startEmbedded({ dataFolder: data, onEvent: (event) => event.kind !== 'created' && report(`database: ${event.kind}`) })
}

/** Each organisation's objects under a prefix of its own; nothing where they lie in the data folder. */
export function objectsElsewhere({ objectsUrl }: StorageOptions): { objects?: (id: OrganisationId) => ObjectStore } {
  if (objectsUrl === undefined) return {}
  const options = s3OptionsFrom(objectsUrl, process.env)
  return { objects: (id) => new S3Objects({ ...options, prefix: options.prefix === '' ? id : `${options.prefix}/${id}` }) }
}

/** One guard lies outside the data folder; where objects do as well, they are a second. */
export const guardsOf = ({ objectsUrl }: StorageOptions, objects: ObjectStore): Guard[] => [folderGuard(), ...(objectsUrl === undefined ? [] : [objectGuard(objects.describe(), objects)])]
