import { expect, test } from 'vitest'
import { VerifyError } from '@vouchsafe/verify'
import { ProbeError } from '@vouchsafe/verify/probe'
import { VouchsafeError } from '#core/errors'
import { exitCodeOf, mendOf } from './exit.ts'

test.each([
  [new VouchsafeError('bad-input', 'x'), 2],
  [new VouchsafeError('not-found', 'x'), 2],
  [new VouchsafeError('conflict', 'x'), 1],
  [new VouchsafeError('refused', 'x'), 1],
  [new VouchsafeError('corrupt', 'x'), 1],
  [new VouchsafeError('unavailable', 'x'), 3],
  [new VouchsafeError('unreachable', 'x'), 3],
  [new VouchsafeError('internal', 'x'), 3],
  [new VerifyError('malformed', 'x'), 2],
  [new VerifyError('inconsistent', 'a fork'), 1],
  [new VerifyError('bad-signature', 'x'), 1],
  [new VerifyError('unreachable', 'x'), 3],
  [new ProbeError('bad-target', 'x'), 2],
  [new ProbeError('timeout', 'x'), 3],
  [new TypeError('a defect'), 3],
  [undefined, 3],
])('%s ends with %i', (error, code) => expect(exitCodeOf(error)).toBe(code))

test('an error that knows what to do says so, whoever threw it', () => {
  expect(mendOf(new VouchsafeError('refused', 'x', { mend: 'Do this.' }))).toBe('Do this.')
  expect(mendOf(new VouchsafeError('refused', 'x'))).toBeUndefined()
  expect(mendOf(new ProbeError('timeout', 'x'))).toContain('allow more time')
  expect(mendOf(new Error('x'))).toBeUndefined()
})
