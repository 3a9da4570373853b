import { createHash } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { loadAssets } from './assets.ts'

describe('assets', () => {
  const assets = loadAssets()
  const css = assets.get(assets.stylesheet)!.body.toString()

  it('the stylesheet names only our own addresses, and each of them is served', () => {
    const addresses = [...css.matchAll(/url\("([^"]+)"\)/g)].map((match) => match[1] as string)
    expect(addresses.length).toBeGreaterThanOrEqual(6)
    for (const address of [...addresses, ...assets.preload, assets.icon]) expect(assets.get(address)?.status).toBe(200)
    expect(css).not.toMatch(/https?:|@import|expression|javascript/)
  })

  it('fonts are WOFF2 and swap in', () => {
    for (const match of css.matchAll(/url\("([^"]+\.woff2)"\)/g)) expect(assets.get(match[1] as string)?.body.subarray(0, 4).toString()).toBe('wOF2')
    expect(css.match(/font-display:swap/g)).toHaveLength(css.match(/@font-face/g)!.length)
  })

  it('what carries a digest in its name is kept for ever, and another content has another name', () => {
    expect(assets.get(assets.stylesheet)?.headers['cache-control']).toContain('immutable')
    expect(loadAssets({ accent: '#7a1fa2' }).stylesheet).not.toBe(assets.stylesheet)
    expect(loadAssets().stylesheet).toBe(assets.stylesheet)
  })

  it('an accent reaches stylesheet and icon', () => {
    const own = loadAssets({ accent: '#7a1fa2' })
    expect(own.get(own.stylesheet)?.body.toString()).toContain('--accent:#7a1fa2')
    expect(own.get(own.icon)?.body.toString()).toContain('#7a1fa2')
  })

  it.each(['/assets/../package.json', '/assets/', '/assets/site.css', '', '/etc/passwd', '__proto__', 'constructor'])('%j is not there', (path) => {
    expect(assets.get(path)).toBeUndefined()
  })

  it.skipIf(assets.verify.offline === undefined)('the offline verifier is a download whose digest is the one that pages show', () => {
    const { href, digest, sizeBytes } = assets.verify.offline!
    const file = assets.get(href)!
    expect(createHash('sha256').update(file.body).digest('hex')).toBe(digest)
    expect(file.body.length).toBe(sizeBytes)
    expect(file.headers['content-disposition']).toMatch(/^attachment/)
  })
})
