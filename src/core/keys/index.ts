/** The keys room's front door. */
export { KeyRing } from './key-ring.ts'
export type { KeyId, SigningKey } from './key-ring.ts'
export { addLocalRoot, forgetOldLocalRoots, openLocalRoots } from './local-root.ts'
export type { RootKey } from './root-key.ts'
export type { Place } from './sealed.ts'
