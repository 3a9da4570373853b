import { useQuery } from '@tanstack/react-query'
import { get } from '../api/client.ts'

export interface WrapRecord {
  id: string
  kind: 'passkey' | 'passphrase' | 'recovery'
  passkey?: string
  createdAt: string
  /** Base 64 of an age file. */
  file: string
}

export interface KeyRecord {
  id: string
  recipient: string
  keyId: string
  createdAt: string
  /** Files are no longer encrypted to it. */
  endedAt?: string
  wraps: readonly WrapRecord[]
}

export interface OwnPasskey {
  id: string
  name: string
  credentialId: string
  transports: readonly string[]
  /** false: it has said that it cannot derive keys. */
  prf?: boolean
}

export interface Signing {
  keyId: string
  passkey: string
  role: string
  rpId: string
}

export interface OwnKeys {
  keys: readonly KeyRecord[]
  signing: readonly Signing[]
  passkeys: readonly OwnPasskey[]
}

export const KEYS_PATH = '/me/keys'
export const useOwnKeys = () => useQuery({ queryKey: [KEYS_PATH], queryFn: ({ signal }) => get<OwnKeys>(KEYS_PATH, undefined, signal) })
