import { VerifyError } from '@vouchsafe/verify'
import { describe, expect, test } from 'vitest'
import { VouchsafeError, type ErrorCode } from '#core/errors'
import { problemOf, problemResponse } from './problem.ts'

const coded = (code: string, more: object = {}): Error => Object.assign(new Error(`secret detail of ${code}`), { code, ...more })

describe('a problem', () => {
  test.each<[ErrorCode, number]>([['bad-input', 422], ['too-large', 413], ['unsupported', 415], ['not-found', 404], ['not-allowed', 403], ['conflict', 409], ['precondition-failed', 412], ['rate-limited', 429], ['unreachable', 502], ['unavailable', 503], ['refused', 409], ['corrupt', 500], ['internal', 500]])('of %s has status %i', (code, status) => {
    expect(problemOf(new VouchsafeError(code, 'What failed.', { mend: 'Mend it.' }), '/here')).toEqual({ type: `urn:vouchsafe:problem:${code}`, title: expect.any(String), status, detail: 'What failed.', mend: 'Mend it.', instance: '/here' })
  })

  test.each<[string, unknown]>([
    ['of an unexpected error', new Error('password=hunter2')],
    ['of a defect in a query', coded('42P01', { query: 'select secret' })],
    ['of a file that is missing', coded('ENOENT', { syscall: 'open', path: '/data/keys/root' })],
    ['of nothing at all', undefined],
  ])('%s tells nothing of it', (_what, error) => {
    const problem = problemOf(error)
    expect(problem.status).toBe(500)
    expect(JSON.stringify(problem)).not.toMatch(/hunter2|secret|keys|select/)
  })

  test.each<[string, unknown]>([
    ['is away', coded('ECONNREFUSED')],
    ['has no socket', coded('ENOENT', { syscall: 'connect' })],
    ['is shutting down', coded('57P01')],
    ['has a full disk', coded('53100')],
    ['hung up', new Error('Connection terminated unexpectedly')],
  ])('of a database that %s is 503, and says when to try again', async (_what, error) => {
    const response = problemResponse(problemOf(error))
    expect([response.status, response.headers.get('retry-after')]).toEqual([503, '5'])
    expect(await response.text()).not.toContain('secret detail')
  })

  test('of what a verifier refuses is the sender’s to mend', () => {
    expect(problemOf(new VerifyError('malformed', 'not canonical')).status).toBe(422)
  })

  test('is never kept by a cache, and has its media type', () => {
    const response = problemResponse(problemOf(new VouchsafeError('not-found', 'x')))
    expect(Object.fromEntries(response.headers)).toMatchObject({ 'content-type': 'application/problem+json', 'cache-control': 'no-store' })
  })
})
