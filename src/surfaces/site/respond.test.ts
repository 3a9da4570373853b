import { brotliDecompressSync, gunzipSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { answer, CONTENT_SECURITY_POLICY, htmlPage, seal, textPage } from './respond.ts'

const text = `<!DOCTYPE html><p>${'Backups are restored and checked. '.repeat(200)}`
const sealed = seal(htmlPage(200, text))

describe('the answer to a request', () => {
  it('is the same bytes in each encoding, each with a validator of its own', () => {
    const plain = answer(sealed)
    const gzip = answer(sealed, { acceptEncoding: 'gzip' })
    const br = answer(sealed, { acceptEncoding: 'gzip, deflate, br' })
    expect(plain.body?.toString()).toBe(text)
    expect(gunzipSync(gzip.body!).toString()).toBe(text)
    expect(brotliDecompressSync(br.body!).toString()).toBe(text)
    expect(new Set([plain, gzip, br].map((each) => each.headers.etag)).size).toBe(3)
    for (const each of [plain, gzip, br]) {
      expect(each.headers['content-length']).toBe(String(each.body?.length))
      expect(each.headers.vary).toBe('Accept-Encoding')
    }
  })

  it.each([
    ['gzip;q=0', undefined],
    ['br;q=0, gzip', 'gzip'],
    ['gzip;q=1, br;q=0.2', 'gzip'],
    ['*', 'br'],
    ['*;q=0', undefined],
    ['identity', undefined],
    ['', undefined],
  ])('Accept-Encoding %j is answered in %s', (acceptEncoding, encoding) => {
    expect(answer(sealed, { acceptEncoding }).headers['content-encoding']).toBe(encoding)
  })

  it('says 304, without a body, to a reader who has it, by list, weakly or by star, and only then', () => {
    const etag = answer(sealed).headers.etag!
    for (const ifNoneMatch of [etag, `W/${etag}`, `"other", ${etag}`, '*']) expect(answer(sealed, { ifNoneMatch })).toMatchObject({ status: 304, body: null, headers: { etag } })
    for (const ifNoneMatch of ['"other"', '', etag.slice(1, -1)]) expect(answer(sealed, { ifNoneMatch }).status).toBe(200)
    // A validator of one encoding does not vouch for another.
    expect(answer(sealed, { ifNoneMatch: etag, acceptEncoding: 'br' }).status).toBe(200)
    expect(answer(seal(htmlPage(404, text)), { ifNoneMatch: '*' }).status).toBe(404)
  })

  it('a changed page has another validator', () => {
    expect(seal(htmlPage(200, `${text}.`)).etag).not.toBe(sealed.etag)
  })

  it('answers HEAD with the headers of GET and no body', () => {
    const head = answer(sealed, { method: 'HEAD', acceptEncoding: 'br' })
    expect(head.body).toBeNull()
    expect(head.headers).toEqual(answer(sealed, { acceptEncoding: 'br' }).headers)
  })

  it('carries the strict headers on each status, 304 among them', () => {
    for (const each of [answer(sealed), answer(sealed, { ifNoneMatch: '*' }), answer(seal(htmlPage(404, text)))]) {
      expect(each.headers).toMatchObject({
        'content-security-policy': CONTENT_SECURITY_POLICY,
        'x-content-type-options': 'nosniff',
        'cross-origin-opener-policy': 'same-origin',
        'cross-origin-resource-policy': 'same-origin',
        'referrer-policy': 'strict-origin-when-cross-origin',
      })
      expect(each.headers['permissions-policy']).toContain('camera=()')
    }
    expect(CONTENT_SECURITY_POLICY).not.toMatch(/unsafe|\*|https?:/)
    expect(CONTENT_SECURITY_POLICY.startsWith("default-src 'none'")).toBe(true)
  })

  it('errors are not kept by caches; pages for a short while', () => {
    expect(answer(seal(htmlPage(404, text))).headers['cache-control']).toBe('no-store')
    expect(answer(sealed).headers['cache-control']).toMatch(/max-age=30\b/)
  })

  it('small bodies and fonts are sent as they are', () => {
    expect(answer(seal(htmlPage(200, 'x')), { acceptEncoding: 'br, gzip' }).headers['content-encoding']).toBeUndefined()
    const font = seal({ status: 200, headers: { 'content-type': 'font/woff2' }, body: Buffer.alloc(9000) })
    expect(answer(font, { acceptEncoding: 'br, gzip' }).headers['content-encoding']).toBeUndefined()
  })
})

it('a text document does not steer the terminal that shows it', () => {
  expect(textPage('text/markdown', 'one\u001b[2J\u009b31m\ttwo\r\nthree\n').body).toBe('one[2J31m\ttwo\r\nthree\n')
})
