import fc from 'fast-check'
import { expect, it } from 'vitest'
import { Problem, problemOf, readProblem } from './problem.ts'

it('a problem of ours gives message, mend, fields, and what is there now', () => {
  const problem = readProblem(412, { type: 'urn:vouchsafe:problem:precondition-failed', detail: 'It has changed.', mend: 'Look again.', errors: [{ pointer: '/email', message: 'is taken' }], current: { email: 'a@b.example' } }, null)
  expect(problem).toMatchObject({ status: 412, code: 'precondition-failed', message: 'It has changed.', mend: 'Look again.', fields: [{ pointer: '/email', message: 'is taken' }], current: { email: 'a@b.example' } })
})

it('whatever a proxy answers can be shown', () => {
  fc.assert(fc.property(fc.anything(), fc.option(fc.string()), (body, retryAfter) => {
    const problem = readProblem(502, body, retryAfter)
    expect(problem.message).not.toBe('')
    expect(problem.fields.every(({ pointer, message }) => typeof pointer === 'string' && typeof message === 'string')).toBe(true)
    expect(problem.retryAfterSeconds === undefined || problem.retryAfterSeconds >= 0).toBe(true)
  }))
})

it('a network that is gone says that nothing of what was filled in is lost', () => {
  const problem = problemOf(new TypeError('Failed to fetch'))
  expect(problem.message).toMatch(/cannot be reached/)
  expect(problem.mend).toMatch(/still here/)
})

it('a problem stays the problem that it is', () => {
  const problem = new Problem({ status: 403, code: 'not-allowed', message: 'No.' })
  expect(problemOf(problem)).toBe(problem)
})
