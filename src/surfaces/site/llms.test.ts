import { expect, it } from 'vitest'
import { llmsText } from './llms.ts'
import { OWN_POLICY, pageView } from './view.fixture.ts'

const view = pageView({ page: OWN_POLICY, state: (index) => (index % 2 === 0 ? 'checked' : 'unbacked') })

it('llms.txt has one title, one summary, and sections of absolute links', () => {
  const { body } = llmsText(view)
  const lines = body.split('\n')
  expect(lines[0]).toBe('# Vouchsafe: How Vouchsafe keeps its promises')
  expect(lines[2]).toMatch(/^> /)
  expect(lines.filter((line) => line.startsWith('# '))).toHaveLength(1)
  const links = lines.filter((line) => line.startsWith('- '))
  for (const link of links) expect(link).toMatch(/^- \[[^\]]+\]\(https:\/\/vouchsafe\.example\/[^)\s]*\)/)
  expect(body).toContain('https://vouchsafe.example/policies/security.md')
})

it('llms.txt tells states with their counts, and a preview as a preview', () => {
  expect(llmsText(view).body).toContain(`${view.counts.checked} checked, ${view.counts.unbacked} not backed`)
  expect(llmsText({ ...view, site: { ...view.site, status: 'preview' } }).body).toContain('(a preview, not published)')
})

it('a name with line breaks in it cannot begin a line of its own', () => {
  const { body } = llmsText({ ...view, site: { ...view.site, organisation: { name: 'A\n# Fake\n- [x](http://evil.example)' } } })
  expect(body.split('\n').filter((line) => line.startsWith('# '))).toHaveLength(1)
})
