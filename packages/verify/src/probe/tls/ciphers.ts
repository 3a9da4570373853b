/**
 * Cipher suites by their number in the IANA registry, up to TLS 1.2. What a suite is worth is read from its
 * registered name, so that the table holds one fact a line.
 */
export interface Suite {
  id: number
  name: string
}

const NAMES: Record<number, string> = {
  0x0001: 'RSA_WITH_NULL_MD5',
  0x0002: 'RSA_WITH_NULL_SHA',
  0x0003: 'RSA_EXPORT_WITH_RC4_40_MD5',
  0x0004: 'RSA_WITH_RC4_128_MD5',
  0x0005: 'RSA_WITH_RC4_128_SHA',
  0x0006: 'RSA_EXPORT_WITH_RC2_CBC_40_MD5',
  0x0007: 'RSA_WITH_IDEA_CBC_SHA',
  0x0008: 'RSA_EXPORT_WITH_DES40_CBC_SHA',
  0x0009: 'RSA_WITH_DES_CBC_SHA',
  0x000a: 'RSA_WITH_3DES_EDE_CBC_SHA',
  0x000b: 'DH_DSS_EXPORT_WITH_DES40_CBC_SHA',
  0x000c: 'DH_DSS_WITH_DES_CBC_SHA',
  0x000d: 'DH_DSS_WITH_3DES_EDE_CBC_SHA',
  0x000e: 'DH_RSA_EXPORT_WITH_DES40_CBC_SHA',
  0x000f: 'DH_RSA_WITH_DES_CBC_SHA',
  0x0010: 'DH_RSA_WITH_3DES_EDE_CBC_SHA',
  0x0011: 'DHE_DSS_EXPORT_WITH_DES40_CBC_SHA',
  0x0012: 'DHE_DSS_WITH_DES_CBC_SHA',
  0x0013: 'DHE_DSS_WITH_3DES_EDE_CBC_SHA',
  0x0014: 'DHE_RSA_EXPORT_WITH_DES40_CBC_SHA',
  0x0015: 'DHE_RSA_WITH_DES_CBC_SHA',
  0x0016: 'DHE_RSA_WITH_3DES_EDE_CBC_SHA',
  0x0017: 'DH_anon_EXPORT_WITH_RC4_40_MD5',
  0x0018: 'DH_anon_WITH_RC4_128_MD5',
  0x0019: 'DH_anon_EXPORT_WITH_DES40_CBC_SHA',
  0x001a: 'DH_anon_WITH_DES_CBC_SHA',
  0x001b: 'DH_anon_WITH_3DES_EDE_CBC_SHA',
  0x002f: 'RSA_WITH_AES_128_CBC_SHA',
  0x0032: 'DHE_DSS_WITH_AES_128_CBC_SHA',
  0x0033: 'DHE_RSA_WITH_AES_128_CBC_SHA',
  0x0034: 'DH_anon_WITH_AES_128_CBC_SHA',
  0x0035: 'RSA_WITH_AES_256_CBC_SHA',
  0x0038: 'DHE_DSS_WITH_AES_256_CBC_SHA',
  0x0039: 'DHE_RSA_WITH_AES_256_CBC_SHA',
  0x003a: 'DH_anon_WITH_AES_256_CBC_SHA',
  0x003b: 'RSA_WITH_NULL_SHA256',
  0x003c: 'RSA_WITH_AES_128_CBC_SHA256',
  0x003d: 'RSA_WITH_AES_256_CBC_SHA256',
  0x0040: 'DHE_DSS_WITH_AES_128_CBC_SHA256',
  0x0041: 'RSA_WITH_CAMELLIA_128_CBC_SHA',
  0x0044: 'DHE_DSS_WITH_CAMELLIA_128_CBC_SHA',
  0x0045: 'DHE_RSA_WITH_CAMELLIA_128_CBC_SHA',
  0x0046: 'DH_anon_WITH_CAMELLIA_128_CBC_SHA',
  0x0060: 'RSA_EXPORT1024_WITH_RC4_56_MD5',
  0x0061: 'RSA_EXPORT1024_WITH_RC2_CBC_56_MD5',
  0x0062: 'RSA_EXPORT1024_WITH_DES_CBC_SHA',
  0x0063: 'DHE_DSS_EXPORT1024_WITH_DES_CBC_SHA',
  0x0064: 'RSA_EXPORT1024_WITH_RC4_56_SHA',
  0x0065: 'DHE_DSS_EXPORT1024_WITH_RC4_56_SHA',
  0x0066: 'DHE_DSS_WITH_RC4_128_SHA',
  0x0067: 'DHE_RSA_WITH_AES_128_CBC_SHA256',
  0x006a: 'DHE_DSS_WITH_AES_256_CBC_SHA256',
  0x006b: 'DHE_RSA_WITH_AES_256_CBC_SHA256',
  0x006c: 'DH_anon_WITH_AES_128_CBC_SHA256',
  0x006d: 'DH_anon_WITH_AES_256_CBC_SHA256',
  0x0084: 'RSA_WITH_CAMELLIA_256_CBC_SHA',
  0x0087: 'DHE_DSS_WITH_CAMELLIA_256_CBC_SHA',
  0x0088: 'DHE_RSA_WITH_CAMELLIA_256_CBC_SHA',
  0x0089: 'DH_anon_WITH_CAMELLIA_256_CBC_SHA',
  0x0096: 'RSA_WITH_SEED_CBC_SHA',
  0x0099: 'DHE_DSS_WITH_SEED_CBC_SHA',
  0x009a: 'DHE_RSA_WITH_SEED_CBC_SHA',
  0x009b: 'DH_anon_WITH_SEED_CBC_SHA',
  0x009c: 'RSA_WITH_AES_128_GCM_SHA256',
  0x009d: 'RSA_WITH_AES_256_GCM_SHA384',
  0x009e: 'DHE_RSA_WITH_AES_128_GCM_SHA256',
  0x009f: 'DHE_RSA_WITH_AES_256_GCM_SHA384',
  0x00a2: 'DHE_DSS_WITH_AES_128_GCM_SHA256',
  0x00a3: 'DHE_DSS_WITH_AES_256_GCM_SHA384',
  0x00a6: 'DH_anon_WITH_AES_128_GCM_SHA256',
  0x00a7: 'DH_anon_WITH_AES_256_GCM_SHA384',
  0x00ba: 'RSA_WITH_CAMELLIA_128_CBC_SHA256',
  0x00be: 'DHE_RSA_WITH_CAMELLIA_128_CBC_SHA256',
  0x00c0: 'RSA_WITH_CAMELLIA_256_CBC_SHA256',
  0x00c4: 'DHE_RSA_WITH_CAMELLIA_256_CBC_SHA256',
  0xc001: 'ECDH_ECDSA_WITH_NULL_SHA',
  0xc002: 'ECDH_ECDSA_WITH_RC4_128_SHA',
  0xc003: 'ECDH_ECDSA_WITH_3DES_EDE_CBC_SHA',
  0xc004: 'ECDH_ECDSA_WITH_AES_128_CBC_SHA',
  0xc005: 'ECDH_ECDSA_WITH_AES_256_CBC_SHA',
  0xc006: 'ECDHE_ECDSA_WITH_NULL_SHA',
  0xc007: 'ECDHE_ECDSA_WITH_RC4_128_SHA',
  0xc008: 'ECDHE_ECDSA_WITH_3DES_EDE_CBC_SHA',
  0xc009: 'ECDHE_ECDSA_WITH_AES_128_CBC_SHA',
  0xc00a: 'ECDHE_ECDSA_WITH_AES_256_CBC_SHA',
  0xc00b: 'ECDH_RSA_WITH_NULL_SHA',
  0xc00c: 'ECDH_RSA_WITH_RC4_128_SHA',
  0xc00d: 'ECDH_RSA_WITH_3DES_EDE_CBC_SHA',
  0xc00e: 'ECDH_RSA_WITH_AES_128_CBC_SHA',
  0xc00f: 'ECDH_RSA_WITH_AES_256_CBC_SHA',
  0xc010: 'ECDHE_RSA_WITH_NULL_SHA',
  0xc011: 'ECDHE_RSA_WITH_RC4_128_SHA',
  0xc012: 'ECDHE_RSA_WITH_3DES_EDE_CBC_SHA',
  0xc013: 'ECDHE_RSA_WITH_AES_128_CBC_SHA',
  0xc014: 'ECDHE_RSA_WITH_AES_256_CBC_SHA',
  0xc015: 'ECDH_anon_WITH_NULL_SHA',
  0xc016: 'ECDH_anon_WITH_RC4_128_SHA',
  0xc017: 'ECDH_anon_WITH_3DES_EDE_CBC_SHA',
  0xc018: 'ECDH_anon_WITH_AES_128_CBC_SHA',
  0xc019: 'ECDH_anon_WITH_AES_256_CBC_SHA',
  0xc023: 'ECDHE_ECDSA_WITH_AES_128_CBC_SHA256',
  0xc024: 'ECDHE_ECDSA_WITH_AES_256_CBC_SHA384',
  0xc025: 'ECDH_ECDSA_WITH_AES_128_CBC_SHA256',
  0xc026: 'ECDH_ECDSA_WITH_AES_256_CBC_SHA384',
  0xc027: 'ECDHE_RSA_WITH_AES_128_CBC_SHA256',
  0xc028: 'ECDHE_RSA_WITH_AES_256_CBC_SHA384',
  0xc029: 'ECDH_RSA_WITH_AES_128_CBC_SHA256',
  0xc02a: 'ECDH_RSA_WITH_AES_256_CBC_SHA384',
  0xc02b: 'ECDHE_ECDSA_WITH_AES_128_GCM_SHA256',
  0xc02c: 'ECDHE_ECDSA_WITH_AES_256_GCM_SHA384',
  0xc02d: 'ECDH_ECDSA_WITH_AES_128_GCM_SHA256',
  0xc02e: 'ECDH_ECDSA_WITH_AES_256_GCM_SHA384',
  0xc02f: 'ECDHE_RSA_WITH_AES_128_GCM_SHA256',
  0xc030: 'ECDHE_RSA_WITH_AES_256_GCM_SHA384',
  0xc031: 'ECDH_RSA_WITH_AES_128_GCM_SHA256',
  0xc032: 'ECDH_RSA_WITH_AES_256_GCM_SHA384',
  0xc072: 'ECDHE_ECDSA_WITH_CAMELLIA_128_CBC_SHA256',
  0xc073: 'ECDHE_ECDSA_WITH_CAMELLIA_256_CBC_SHA384',
  0xc076: 'ECDHE_RSA_WITH_CAMELLIA_128_CBC_SHA256',
  0xc077: 'ECDHE_RSA_WITH_CAMELLIA_256_CBC_SHA384',
  0xc09c: 'RSA_WITH_AES_128_CCM',
  0xc09d: 'RSA_WITH_AES_256_CCM',
  0xc09e: 'DHE_RSA_WITH_AES_128_CCM',
  0xc09f: 'DHE_RSA_WITH_AES_256_CCM',
  0xc0a0: 'RSA_WITH_AES_128_CCM_8',
  0xc0a1: 'RSA_WITH_AES_256_CCM_8',
  0xc0a2: 'DHE_RSA_WITH_AES_128_CCM_8',
  0xc0a3: 'DHE_RSA_WITH_AES_256_CCM_8',
  0xc0ac: 'ECDHE_ECDSA_WITH_AES_128_CCM',
  0xc0ad: 'ECDHE_ECDSA_WITH_AES_256_CCM',
  0xc0ae: 'ECDHE_ECDSA_WITH_AES_128_CCM_8',
  0xc0af: 'ECDHE_ECDSA_WITH_AES_256_CCM_8',
  0xcca8: 'ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256',
  0xcca9: 'ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256',
  0xccaa: 'DHE_RSA_WITH_CHACHA20_POLY1305_SHA256',
}

export const SUITES: readonly Suite[] = Object.entries(NAMES).map(([id, name]) => ({ id: Number(id), name: `TLS_${name}` }))

/** RFC 8446 §B.4, in the order that costs old machines least. */
export const TLS13_SUITES: readonly Suite[] = [
  { id: 0x1301, name: 'TLS_AES_128_GCM_SHA256' },
  { id: 0x1302, name: 'TLS_AES_256_GCM_SHA384' },
  { id: 0x1303, name: 'TLS_CHACHA20_POLY1305_SHA256' },
  { id: 0x1304, name: 'TLS_AES_128_CCM_SHA256' },
  { id: 0x1305, name: 'TLS_AES_128_CCM_8_SHA256' },
]

/** RFC 9150: TLS 1.3 that authenticates and does not encrypt. */
export const TLS13_NULL_SUITES: readonly Suite[] = [
  { id: 0xc0b4, name: 'TLS_SHA256_SHA256' },
  { id: 0xc0b5, name: 'TLS_SHA384_SHA384' },
]

export function suiteName(id: number): string {
  const known = [...SUITES, ...TLS13_SUITES, ...TLS13_NULL_SUITES].find((suite) => suite.id === id)
  return known?.name ?? `0x${id.toString(16).padStart(4, '0')}`
}

/** Why nobody should offer a suite, gravest first. */
export const WEAKNESSES = ['no encryption', 'anonymous', 'export', 'single DES', 'RC4', 'triple DES', 'IDEA'] as const
export type Weakness = (typeof WEAKNESSES)[number]

/** A suite can be weak in more than one way: anonymous and without encryption. Empty for one that is no danger by itself. */
export function weaknessesOf(name: string): Weakness[] {
  const found: Weakness[] = []
  if (name.includes('_NULL_')) found.push('no encryption')
  if (name.includes('_anon_')) found.push('anonymous')
  if (name.includes('EXPORT')) found.push('export')
  if (/_DES_|_DES40_/.test(name)) found.push('single DES')
  if (name.includes('_RC4_')) found.push('RC4') // RFC 7465
  if (name.includes('_3DES_')) found.push('triple DES') // 64-bit blocks: birthday attacks (Sweet32)
  if (name.includes('_IDEA_')) found.push('IDEA')
  return found
}

/** Each connection has its own key, so that a key stolen later opens nothing recorded before (RFC 9325 §4.1). */
export const isForwardSecret = (name: string): boolean => /^TLS_(ECDHE|DHE)_/.test(name)

/** Authenticated encryption; what is not is CBC, whose padding has been attacked for twenty years. */
export const isAead = (name: string): boolean => /_GCM_|_CCM|CHACHA20/.test(name)
