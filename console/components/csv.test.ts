import fc from 'fast-check'
import { expect, it } from 'vitest'
import { csv } from './csv.ts'

it('no cell begins like a formula', () => {
  fc.assert(fc.property(fc.string(), (text) => {
    const [, row = ''] = csv(['name'], [[text]]).split(/\r\n/)
    expect(row.replace(/^"/, '')).not.toMatch(/^[=+\-@\t\r]/)
  }))
})

it('what stands in a cell is read back from it', () => {
  fc.assert(fc.property(fc.array(fc.string().filter((text) => !/^[=+\-@\t\r]/.test(text)), { minLength: 1, maxLength: 5 }), (cells) => {
    expect(read(csv(cells, []))).toEqual([cells])
  }))
})

/** A reader of RFC 4180, written apart from the writer. */
function read(text: string): string[][] {
  const rows: string[][] = []
  let at = 0
  while (at < text.length) {
    const row: string[] = []
    for (;;) {
      let cell = ''
      if (text[at] === '"') {
        for (at++; ; at++) {
          if (text[at] !== '"') cell += text[at]
          else if (text[at + 1] === '"') cell += text[at++]
          else break
        }
        at++
      } else while (at < text.length && text[at] !== ',' && !text.startsWith('\r\n', at)) cell += text[at++]
      row.push(cell)
      if (text[at] !== ',') break
      at++
    }
    at += 2
    rows.push(row)
  }
  return rows
}
