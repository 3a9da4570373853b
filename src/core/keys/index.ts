/** The keys room's front door. */
export { KeyRing } from './key-ring.ts'
export type { KeyId, SigningKey } from './key-ring.ts'
export { openLocalRoots } from './local-root.ts'
export { openRootKeys, rootStanding, rotateRoot, tryRootKey } from './root-rotation.ts'
export type { RootStanding, Rotation } from './root-rotation.ts'
export type { RootSurroundings } from './root-address.ts'
export type { RootKey } from './root-key.ts'
export type { Place } from './sealed.ts'
