import type { Rule } from './rule.ts'

export interface RoleRecord {
  id: string
  title?: string
  sentence?: string
  rules?: readonly Rule[]
  builtIn?: boolean
  version?: number
  changedAt?: string
  changedBy?: string
}

export interface AssignmentRecord {
  id: string
  role: string
  roleTitle?: string
  person?: string
  group?: string
  /** The name of whoever holds it. */
  name?: string
  reason?: string
  givenBy?: string
  givenAt?: string
  until?: string | null
}

export interface Holder {
  kind: 'person' | 'group'
  id: string
}
