import { mkdtemp, readdir, rm, stat, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { FolderObjects } from './folder.ts'
import { requireKey } from './object-store.ts'
import type { ObjectStore } from './object-store.ts'
import { S3Objects, readListing, s3OptionsFrom } from './s3.ts'

type S3 = { endpoint: string; objects: Map<string, Buffer>; trouble: undefined | ((request: { method?: string }, written?: boolean) => number | 'cut' | undefined); stop(): Promise<void> }
const { s3Keys, startS3 } = (await import(pathToFileURL(resolve(import.meta.dirname, '../../../test/servers/s3.ts')).href)) as { s3Keys: { id: string; secret: string; region: string }; startS3(bucket: string): Promise<S3> }

let folder: string
let s3: S3
const s3Options = (more: object = {}) => ({ bucket: 'bucket', endpoint: s3.endpoint, region: s3Keys.region, accessKeyId: s3Keys.id, secretAccessKey: s3Keys.secret, prefix: 'org/one', pathStyle: true, ...more })
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'vouchsafe-objects-'))
  s3 = await startS3('bucket')
})
afterEach(async () => {
  await s3.stop()
  await rm(folder, { recursive: true, force: true })
})
async function listed(store: ObjectStore, prefix: string): Promise<string[]> {
  const keys: string[] = []
  for await (const key of store.list(prefix)) keys.push(key)
  return keys
}
const badKeys = ['', '/', 'a/', '/a', 'a//b', '.', '..', 'a/../b', '../a', '.hidden', 'a/.b', 'a\\b', 'a b', 'a\0', 'é', 'a?b', 'a#b', 'a%2fb', '-a', 'x'.repeat(201), `${'x'.repeat(199)}/`.repeat(5) + 'x']

describe.each<[string, () => ObjectStore]>([
  ['a folder', () => new FolderObjects(folder)],
  ['S3', () => new S3Objects(s3Options())],
])('objects in %s', (_name, make) => {
  it('are read as they were put, of any bytes, and replaced whole', async () => {
    const store = make()
    const bytes = Buffer.from(Array.from({ length: 70_000 }, (_, n) => n % 256))
    for (const [key, value] of [['a', bytes], ['tile/0/x001/067', Buffer.from('x')], ['tile/0/000.p/5', Buffer.alloc(0)], ['k=v+w_z-1.json', Buffer.from('y')]] as const) {
      await store.put(key, value)
      expect(await store.get(key)).toEqual(value)
      expect(await store.head(key)).toEqual({ sizeBytes: value.length })
    }
    await store.put('a', Buffer.from('second'))
    expect(String(await store.get('a'))).toBe('second')
  })

  it('that are not there are undefined, and deleting them is no error', async () => {
    const store = make()
    expect(await store.get('none/here')).toBeUndefined()
    expect(await store.head('none')).toBeUndefined()
    await store.delete('none/here')
    await store.put('there', Buffer.from('x'))
    await store.delete('there')
    expect(await store.get('there')).toBeUndefined()
  })

  it('are put only where nothing is by exactly one of many', async () => {
    const store = make()
    const written = await Promise.all(Array.from({ length: 8 }, (_, n) => store.putIfAbsent('lock/one', Buffer.from(String(n)))))
    expect(written.filter(Boolean)).toHaveLength(1)
    expect(String(await store.get('lock/one'))).toBe(String(written.indexOf(true)))
    expect(await store.putIfAbsent('lock/one', Buffer.from('9'))).toBe(false)
  })

  it('are listed by prefix in byte order, wherever the prefix ends', async () => {
    const store = make()
    const keys = ['a', 'a.b/c', 'a0/x', 'ab/c', 'ab/d/e', 'ab/d/f', 'b', 'Z']
    for (const key of keys) await store.put(key, Buffer.from('x'))
    for (const prefix of ['', 'a', 'ab', 'ab/', 'ab/d/', 'ab/d/e', 'none/', 'a.']) expect(await listed(store, prefix), prefix).toEqual(keys.filter((key) => key.startsWith(prefix)).toSorted())
  })

  it('are refused under a key that could mean something else', async () => {
    const store = make()
    for (const key of badKeys) {
      for (const act of [() => store.get(key), () => store.put(key, Buffer.from('x')), () => store.putIfAbsent(key, Buffer.from('x')), () => store.delete(key), () => store.head(key)]) {
        await expect(act(), JSON.stringify(key)).rejects.toMatchObject({ code: 'bad-input' })
      }
    }
    await expect(listed(store, '../')).rejects.toMatchObject({ code: 'bad-input' })
    expect(await listed(store, '')).toEqual([])
  })
})

it('no key, however made, leaves the folder', () => {
  fc.assert(fc.property(fc.string({ unit: fc.constantFrom('a', '.', '/', '\\', '\0', '~', '%', '2', 'e'), maxLength: 12 }), (key) => {
    try { requireKey(key) } catch { return }
    const path = resolve('/root-of-objects', key)
    expect(path.startsWith('/root-of-objects/')).toBe(true)
    expect(path).toBe('/root-of-objects/' + key)
  }), { numRuns: 5000 })
})

describe('the folder', () => {
  it('is closed to others, and drafts are neither listed nor left', async () => {
    const store = new FolderObjects(join(folder, 'objects'))
    await store.put('a/b', Buffer.from('x'))
    await store.putIfAbsent('a/b', Buffer.from('y'))
    const mode = async (path: string) => ((await stat(join(folder, 'objects', path))).mode & 0o777).toString(8)
    expect([await mode(''), await mode('a'), await mode('a/b')]).toEqual(['700', '700', '600'])
    expect(await readdir(join(folder, 'objects', '.drafts'))).toEqual([])
    await writeFile(join(folder, 'objects', '.drafts', 'left'), 'x')
    expect(await listed(store, '')).toEqual(['a/b'])
    await store.clearDrafts()
    expect(await readdir(join(folder, 'objects'))).toEqual(['a'])
  })

  it('a key below another object is refused, not a crash', async () => {
    const store = new FolderObjects(folder)
    await store.put('a', Buffer.from('x'))
    expect(await store.get('a/b')).toBeUndefined()
    await expect(store.put('a/b', Buffer.from('x'))).rejects.toMatchObject({ code: 'unavailable' })
    await expect(store.putIfAbsent('a/b', Buffer.from('x'))).rejects.toMatchObject({ code: 'unavailable' })
    await store.put('c/d', Buffer.from('x'))
    expect(await store.get('c')).toBeUndefined()
    expect(await store.head('c')).toBeUndefined()
  })

  it('a link that somebody put there is not listed as an object of ours', async () => {
    await symlink('/etc', join(folder, 'etc'))
    expect(await listed(new FolderObjects(folder), '')).toEqual([])
  })
})

describe('S3', () => {
  it('a wrong secret is refused by the server, and the error says what to check', async () => {
    const store = new S3Objects(s3Options({ secretAccessKey: 'wrong' }))
    const error = await store.put('a', Buffer.from('x')).catch((caught: unknown) => caught as Error)
    expect(error).toMatchObject({ code: 'unavailable', message: expect.stringContaining('SignatureDoesNotMatch'), mend: expect.stringContaining('access key') })
    expect(s3.objects.size).toBe(0)
  })

  it('keeps to its prefix', async () => {
    s3.objects.set('org/two/secret', Buffer.from('x'))
    s3.objects.set('org/one-more/secret', Buffer.from('x'))
    const store = new S3Objects(s3Options())
    await store.put('mine', Buffer.from('x'))
    expect(await listed(store, '')).toEqual(['mine'])
    expect([...s3.objects.keys()].toSorted()).toEqual(['org/one-more/secret', 'org/one/mine', 'org/two/secret'])
  })

  it('an answer that says "later", and a cut connection, are tried again', async () => {
    const store = new S3Objects(s3Options())
    const troubles: (number | 'cut' | undefined)[] = [503, 'cut', 429]
    s3.trouble = (_request, written) => (written ? undefined : troubles.shift())
    await store.put('a', Buffer.from('x'))
    expect(String(await store.get('a'))).toBe('x')
    s3.trouble = () => 400
    await expect(store.get('a')).rejects.toMatchObject({ code: 'unavailable' })
  })

  it('a put-if-absent whose answer was lost knows its own object again', async () => {
    const store = new S3Objects(s3Options())
    let cut = true
    s3.trouble = (_request, written) => { if (written && cut) { cut = false; return 'cut' } return undefined }
    expect(await store.putIfAbsent('a', Buffer.from('mine'))).toBe(true)
    expect(await store.putIfAbsent('a', Buffer.from('mine'))).toBe(false)
  })

  it('a bucket that is not there is an error, not an empty list', async () => {
    await expect(listed(new S3Objects(s3Options({ bucket: 'other' })), '')).rejects.toMatchObject({ code: 'unavailable', mend: expect.stringContaining('bucket') })
  })

  it('its address is read with its settings, and never with a secret in it', () => {
    const keys = { AWS_ACCESS_KEY_ID: 'i', AWS_SECRET_ACCESS_KEY: 's' }
    expect(s3OptionsFrom('s3://my-bucket/a/b/?endpoint=https://s3.example.org/&region=r', keys)).toEqual({ bucket: 'my-bucket', endpoint: 'https://s3.example.org', region: 'r', accessKeyId: 'i', secretAccessKey: 's', prefix: 'a/b', pathStyle: true })
    expect(s3OptionsFrom('s3://my-bucket', { ...keys, AWS_REGION: 'eu-x-1' })).toMatchObject({ endpoint: 'https://s3.eu-x-1.amazonaws.com', prefix: '', pathStyle: false })
    for (const bad of ['http://b', 's3://', 's3://i:hush@b/', 's3://b/../c%00']) expect(() => s3OptionsFrom(bad, keys), bad).toThrow()
    expect(() => s3OptionsFrom('s3://b', {})).toThrow('AWS_ACCESS_KEY_ID')
  })

  it('a listing is read with its escapes and its next page', () => {
    expect(readListing('<R><Contents><ETag>"x"</ETag><Key>a&amp;b&lt;&#x41;&#66;</Key></Contents><Contents><Key>c</Key></Contents><IsTruncated>true</IsTruncated><NextContinuationToken>t&amp;u</NextContinuationToken></R>')).toEqual({ keys: ['a&b<AB', 'c'], next: 't&u' })
    expect(readListing('')).toEqual({ keys: [], next: undefined })
  })
})
