/** The objects room's front door. */
export { FolderObjects } from './folder.ts'
export type { ObjectStore } from './object-store.ts'
export { S3Objects, s3OptionsFrom } from './s3.ts'
export type { S3Options } from './s3.ts'
