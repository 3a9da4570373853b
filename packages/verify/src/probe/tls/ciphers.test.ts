import { describe, expect, it } from 'vitest'
import { SUITES, WEAKNESSES, isAead, isForwardSecret, suiteName, weaknessesOf } from './ciphers.ts'

describe('cipher suites', () => {
  it('each class of weakness has suites to offer, so that no trial is empty', () => {
    for (const weakness of WEAKNESSES) expect(SUITES.filter((suite) => weaknessesOf(suite.name).includes(weakness)).length, weakness).toBeGreaterThan(0)
  })

  it('what a name says is what it is worth', () => {
    expect(weaknessesOf('TLS_RSA_EXPORT_WITH_RC4_40_MD5')).toEqual(['export', 'RC4'])
    expect(weaknessesOf('TLS_RSA_WITH_3DES_EDE_CBC_SHA')).toEqual(['triple DES'])
    expect(weaknessesOf('TLS_RSA_WITH_DES_CBC_SHA')).toEqual(['single DES'])
    expect(weaknessesOf('TLS_ECDH_anon_WITH_NULL_SHA')).toEqual(['no encryption', 'anonymous'])
    expect(weaknessesOf('TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256')).toEqual([])
    expect(isForwardSecret('TLS_ECDH_RSA_WITH_AES_128_GCM_SHA256')).toBe(false)
    expect(isForwardSecret('TLS_DHE_RSA_WITH_AES_128_CBC_SHA')).toBe(true)
    expect(isAead('TLS_DHE_RSA_WITH_AES_128_CBC_SHA')).toBe(false)
    expect(suiteName(0x1301)).toBe('TLS_AES_128_GCM_SHA256')
    expect(suiteName(0xfafa)).toBe('0xfafa')
  })
})
