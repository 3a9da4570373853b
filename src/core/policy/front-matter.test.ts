import { expect, test } from 'vitest'
import { readFrontMatter } from './front-matter.ts'

test('an address in front matter that leads into a script is left out', () => {
  expect(readFrontMatter('canonical_url: "javascript:alert(1)"\nmarkdown_url: "data:text/html,x"')).toEqual({ redirects: [], unknown: [] })
  expect(readFrontMatter('canonical_url: https://a.example/security')).toMatchObject({ canonicalUrl: 'https://a.example/security' })
})
