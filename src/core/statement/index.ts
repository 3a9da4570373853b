export { instantOf } from './instant.ts'
export { issue, leafFor, type Issued, type StatementSigner, type Subject } from './issue.ts'
export * from './store.ts'
