/** The roles module's front door. */
export { BUILT_IN, EMPLOYEE, OWNER } from './built-in.ts'
export { roles } from './contract.ts'
export type { Giver, Giving } from './giving.ts'
export type { Grants } from './grants.ts'
export type { Role, RoleId } from './role.ts'
export { rolesMigrations } from './store.ts'
