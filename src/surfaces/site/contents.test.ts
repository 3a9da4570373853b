import { describe, expect, it } from 'vitest'
import { readPolicy } from '#core/policy'
import { sectionsOf } from './contents.ts'
import { claimOf } from './view.fixture.ts'

const read = (text: string) => readPolicy(new TextEncoder().encode(text), { name: 'p.md' })

describe('the list of contents', () => {
  it('does not show the page’s title twice, and sets every heading below it without skipping a level', () => {
    const { blocks, title } = read('# Security\n\n### Deep\n\nA.\n\n## Wide\n\n#### Deeper\n\nB.')
    expect([...sectionsOf(blocks, [], title).values()].map(({ text, level }) => [text, level])).toEqual([['Deep', 2], ['Wide', 2], ['Deeper', 3]])
  })

  it('equal headings, and headings that look like ids of the frame, get ids of their own', () => {
    const { blocks } = read('## main\n\nA.\n\n## main\n\nB.\n\n## ✂\n\nC.')
    expect([...sectionsOf(blocks, [], '').values()].map(({ id }) => id)).toEqual(['s-main', 's-main-2', 's-section'])
  })

  it('marks the section of a broken claim and the sections around it, and no other', () => {
    const page = '## One\n\nFine.\n\n## Two\n\nFine.\n\n### Inner\n\nBad.\n\n## Three\n\nFine.'
    const start = page.indexOf('Bad.')
    const { blocks } = read(page)
    const sections = [...sectionsOf(blocks, [claimOf('broken', { start, end: start + 4 })], '').values()]
    expect(sections.map(({ text, broken }) => [text, broken])).toEqual([['One', false], ['Two', true], ['Inner', true], ['Three', false]])
  })

  it('lists the level at which a page really divides', () => {
    const { blocks } = read('# Security at Us\n\n## One\n\nA.\n\n### Inner\n\nB.\n\n## Two\n\nC.')
    expect([...sectionsOf(blocks, [], 'Another title').values()].filter(({ listed }) => listed).map(({ text }) => text)).toEqual(['Security at Us', 'One', 'Two'])
  })
})
