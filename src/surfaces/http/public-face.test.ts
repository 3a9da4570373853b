import { expect, test } from 'vitest'
import { sharedFace, type PublicFace } from './public-face.ts'

const face = (begun: boolean): PublicFace => ({ begun, front: begun, policies: new Map(), claims: new Set(), scopes: new Set(), addressed: false })

test('what is public is read once a revision, and a failure is tried again', async () => {
  let revision = 0
  let fail = true
  let asked = 0
  const shared = sharedFace(() => revision, async () => {
    asked++
    if (fail) throw new Error('the database is away')
    return face(revision > 0)
  })
  await expect(shared.read()).rejects.toThrow('away')
  expect(shared.known()).toBeUndefined()
  fail = false
  for (let i = 0; i < 3; i++) expect((await shared.read()).begun).toBe(false)
  expect([asked, shared.known()?.begun]).toEqual([2, false])
  revision++
  expect(shared.known(), 'what was known before a change does not count after it').toBeUndefined()
  expect((await shared.read()).begun).toBe(true)
  expect(asked).toBe(3)
})

test('a reading that a change overtook is not taken for that of now', async () => {
  let revision = 0
  const answers: ((face: PublicFace) => void)[] = []
  const shared = sharedFace(() => revision, () => new Promise((resolve) => answers.push(resolve)))
  const before = shared.read()
  revision++
  const after = shared.read()
  answers[1]!(face(true))
  answers[0]!(face(false))
  expect([(await before).begun, (await after).begun, shared.known()?.begun]).toEqual([false, true, true])
})
