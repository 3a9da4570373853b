export { instantOf } from './instant.ts'
export { issue, leafFor, type Issued, type StatementSigner, type Subject } from './issue.ts'
export { changeKey, revocationOf, verifyingKeyOf } from './key-change.ts'
export * from './store.ts'
