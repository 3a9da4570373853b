import { expect, test } from 'vitest'
import { publishedSince } from './published.ts'

test('what was published is asked once a revision, thing by thing, and a failure is asked again', async () => {
  let revision = 0
  let fail = true
  const asked: string[] = []
  const isPublished = publishedSince(() => revision, async ({ slug, claim }) => {
    asked.push(`${slug ?? ''} ${claim ?? ''}`)
    if (fail) throw new Error('the database is away')
    return revision > 0
  })
  await expect(isPublished({ claim: 'c' })).rejects.toThrow('away')
  fail = false
  for (let i = 0; i < 3; i++) expect(await isPublished({ claim: 'c' })).toBe(false)
  expect(await isPublished({ slug: 'c' })).toBe(false)
  expect(await isPublished({})).toBe(false)
  expect(asked).toEqual([' c', ' c', 'c ', ' '])
  revision++
  expect(await isPublished({ claim: 'c' })).toBe(true)
})
