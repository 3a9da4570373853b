/** The SCIM surface's front door. */
export { mountScim, type ScimParts } from './mount.ts'
