import { expect, test } from 'vitest'
import { createPreviewPass, mayPreview, PREVIEW_COOKIE, PREVIEW_SECONDS, type Viewer } from './preview.ts'

const AT = new Date('2026-11-22T20:00:00Z')
const later = (ms: number): Date => new Date(AT.getTime() + ms)
const cookie = (value: string): string => `${PREVIEW_COOKIE}=${value}`
const stranger: Viewer = { operator: false, near: false, cookies: undefined }

test('nearness shows a preview only while nothing is published and no public address is set', () => {
  const pass = createPreviewPass()
  const near = { ...stranger, near: true }
  expect(mayPreview(near, { begun: false, addressed: false }, pass, AT)).toBe(true)
  for (const face of [{ begun: true, addressed: false }, { begun: false, addressed: true }, { begun: true, addressed: true }]) {
    expect(mayPreview(near, face, pass, AT)).toBe(false)
    expect(mayPreview({ ...stranger, operator: true }, face, pass, AT)).toBe(true)
  }
  expect(mayPreview(stranger, { begun: false, addressed: false }, pass, AT)).toBe(false)
})

test('a link lets one browser in, once', () => {
  const pass = createPreviewPass()
  const { token } = pass.issue(AT)
  const value = pass.redeem(token, AT)!
  expect(pass.redeem(token, AT)).toBeUndefined()
  expect(pass.redeem('A'.repeat(43), AT)).toBeUndefined()
  for (const cookies of [cookie(value), `a=b; ${cookie(value)}; c=d`]) expect(pass.admits(cookies, AT)).toBe(true)
  for (const cookies of [undefined, '', cookie(token), cookie(value.slice(1)), `x${cookie(value)}`, `a="${cookie(value)}"`, cookie(`${value}A`)]) expect(pass.admits(cookies, AT), cookies).toBe(false)
  expect(mayPreview({ ...stranger, cookies: cookie(value) }, { begun: true, addressed: true }, pass, AT)).toBe(true)
})

test('links end after ten minutes, what they opened after half a day', () => {
  const pass = createPreviewPass()
  expect(pass.redeem(pass.issue(AT).token, later(600_000))).toBeUndefined()
  const value = pass.redeem(pass.issue(AT).token, later(599_000))!
  expect(pass.admits(cookie(value), later(599_000 + PREVIEW_SECONDS * 1000 - 1))).toBe(true)
  expect(pass.admits(cookie(value), later(599_000 + PREVIEW_SECONDS * 1000))).toBe(false)
})

test('the twenty newest links and browsers are kept', () => {
  const pass = createPreviewPass()
  const tokens = Array.from({ length: 21 }, () => pass.issue(AT).token)
  expect(pass.redeem(tokens[0]!, AT)).toBeUndefined()
  const values = tokens.slice(1).map((token) => pass.redeem(token, AT)!)
  const last = pass.redeem(pass.issue(AT).token, AT)!
  expect([values[0]!, values[1]!, last].map((value) => pass.admits(cookie(value), AT))).toEqual([false, true, true])
})
