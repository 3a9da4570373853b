import { createHash } from 'node:crypto'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, describe, expect, it } from 'vitest'
import { breachedList, breachedListIn } from './breached-list.ts'
import { guessable } from './common-passwords.ts'
import { acceptPassword, MOST_CHARACTERS } from './password.ts'
import { isOutdated, isSlowHash, PasswordHashing } from './password-hash.ts'

const take = (password: string, more: Partial<Parameters<typeof acceptPassword>[1]> = {}) => acceptPassword(password, { withSecondFactor: true, context: ['Harbour Ltd', 'ada.lovelace@example.com', 'Ada Lovelace'], ...more })
const folder = mkdtempSync(join(tmpdir(), 'vouchsafe-breached-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

describe('a password', () => {
  it('needs eight characters beside a second factor and fifteen alone, counted as people see them', async () => {
    await expect(take('kelp7ox')).rejects.toMatchObject({ code: 'bad-input' })
    await expect(take('kelp7oxy')).resolves.toBe('kelp7oxy')
    await expect(take('kelp7oxyfern3q', { withSecondFactor: false })).rejects.toMatchObject({ code: 'bad-input' })
    await expect(take('kelp7oxyfern3qz', { withSecondFactor: false })).resolves.toBe('kelp7oxyfern3qz')
    // Seven emoji are 28 bytes and 14 UTF-16 units, and still seven characters.
    await expect(take('🦉🌊🪨🌿🔧🎻🧭')).rejects.toThrow(/7 characters/)
    await expect(take('🦉🌊🪨🌿🔧🎻🧭🪁')).resolves.toBeTruthy()
  })

  it('may be long and hold anything that can be typed, with no rules of composition', async () => {
    await expect(take(`${'wide river '.repeat(24)}`.slice(0, MOST_CHARACTERS))).resolves.toHaveLength(MOST_CHARACTERS)
    await expect(take(`${'wide river '.repeat(24)}`.slice(0, MOST_CHARACTERS + 1))).rejects.toThrow(/256/)
    for (const fine of ['otter lamp quill', '        heron 9', 'пятница дождь и чай', '雨の金曜日と熱いお茶', 'كتاب قديم وقهوة', 'tab\there and there']) await expect(take(fine)).resolves.toBe(fine.normalize('NFC'))
    for (const bad of ['bell\u0007 and whistle', 'null\u0000 and void ok', 'half \ud800 a pair here', 'unassigned \u{e0080} here']) await expect(take(bad)).rejects.toMatchObject({ code: 'bad-input' })
  })

  it('is the same from every keyboard: composed and decomposed spellings are one', async () => {
    await fc.assert(
      fc.asyncProperty(fc.string({ unit: fc.constantFrom('é', 'ö', 'ñ', 'å', 'ẛ', 'k', '7', ' '), minLength: 12, maxLength: 30 }), async (text) => {
        const typed = `otter ${text} quill`
        expect(await take(typed.normalize('NFD'))).toBe(await take(typed.normalize('NFC')))
      }),
    )
  })

  it.each(['password', 'Password1!', 'P@ssw0rd2026', 'passwordpassword', 'qwertyuiop', 'QWERTZUIOP', '1234567890', '0987654321', 'abcdefgh', 'aaaaaaaaaaaa', 'abababababab', 'abcabcabcabc', 'Summer2026!', 'letmeinplease'.slice(0, 7) + '1', 'welcomeadmin', '1q2w3e4r', 'correcthorsebatterystaple', 'ｐａｓｓｗｏｒｄ', 'MotDePasse99'])('that everybody tries first is refused: %s', (password) => {
    expect(guessable(password, [])).toBeDefined()
  })

  it.each(['harbour2026', 'Harbour-1234', 'ada.lovelace', 'lovelace1815', 'AdaLovelace!!', 'h4rb0ur_ltd', 'example.com'])('made of the place or the person is refused: %s', async (password) => {
    await expect(take(password)).rejects.toThrow(/cannot be taken/)
  })

  it('is in no message', async () => {
    for (const password of ['harbour2026', 'dragon99!', 'kelp7', 'a'.repeat(300)]) await expect(take(password)).rejects.toSatisfy((error: Error) => !JSON.stringify([error.message, Object.values(error)]).includes(password))
  })
})

const sha1 = (text: string): string => createHash('sha1').update(text).digest('hex').toUpperCase()

describe('a list of breached passwords', () => {
  const leaked = Array.from({ length: 500 }, (_, index) => `leaked phrase ${index}`)
  const lines = leaked.map((password, index) => `${sha1(password)}:${index + 1}`).sort()
  const file = (name: string, text: string): string => {
    const path = join(folder, name)
    writeFileSync(path, text)
    return path
  }

  it.each([
    ['LF', lines.join('\n') + '\n'],
    ['CRLF', lines.join('\r\n') + '\r\n'],
    ['no end of line at the end', lines.join('\n')],
    ['lower case', lines.join('\n').toLowerCase()],
    ['no counts', lines.map((line) => line.slice(0, 40)).join('\n')],
  ])('as one sorted file is searched by halving, with %s', async (name, text) => {
    const list = breachedList(file(`${name}.txt`, text))
    for (const password of [leaked[0]!, leaked[1]!, leaked[250]!, leaked[499]!]) expect(await list.timesSeen(password), password).toBeGreaterThan(0)
    const [first = '', last = ''] = [lines[0], lines.at(-1)]
    for (const edge of [first, last]) expect(await list.timesSeen(leaked.find((password) => sha1(password) === edge.slice(0, 40)) ?? '')).toBeGreaterThan(0)
    for (let index = 0; index < 50; index++) expect(await list.timesSeen(`never leaked ${index}`)).toBe(0)
  })

  it('finds every line of a file of any length', async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 0, max: 40 }), fc.integer({ min: 0, max: 39 }), async (count, pick) => {
        const some = leaked.slice(0, count)
        const list = breachedList(file('some.txt', some.map((password, index) => `${sha1(password)}:${10 ** (index % 7)}`).sort().join('\n')))
        const password = leaked[pick]!
        expect((await list.timesSeen(password)) > 0).toBe(pick < count)
      }),
      { numRuns: 60 },
    )
  })

  it('as a folder of ranges is searched in one file, padding left out', async () => {
    const ranges = join(folder, 'ranges')
    mkdirSync(ranges)
    const range = (password: string, count: number, name = `${sha1(password).slice(0, 5)}.txt`) => writeFileSync(join(ranges, name), `${'0'.repeat(35)}:0\r\n${sha1(password).slice(5)}:${count}\r\n${'F'.repeat(35)}:3`)
    range('seen here', 12)
    range('padding only', 0)
    range('lower name', 4, sha1('lower name').slice(0, 5).toLowerCase())
    const list = breachedList(ranges)
    expect(await list.timesSeen('seen here')).toBe(12)
    expect(await list.timesSeen('padding only')).toBe(0)
    expect(await list.timesSeen('lower name')).toBe(4)
    await expect(list.timesSeen('in no file')).rejects.toMatchObject({ code: 'unavailable' })
  })

  it('that cannot be read says so, and passes nothing', async () => {
    await expect(breachedList(join(folder, 'absent')).timesSeen('x')).rejects.toMatchObject({ code: 'unavailable' })
    await expect(breachedList(file('junk.txt', 'x'.repeat(5000))).timesSeen('x')).rejects.toMatchObject({ code: 'unavailable' })
  })

  it('may be laid into the data folder at any time, by either name', async () => {
    const data = join(folder, 'data')
    mkdirSync(data)
    const list = breachedListIn(data)
    expect(await list.timesSeen('leaked phrase 7')).toBe(0)
    writeFileSync(join(data, 'breached-passwords.txt'), lines.join('\n'))
    expect(await list.timesSeen('leaked phrase 7')).toBeGreaterThan(0)
    mkdirSync(join(data, 'breached-passwords'))
    await expect(list.timesSeen('leaked phrase 7')).rejects.toMatchObject({ code: 'unavailable' })
  })

  it('decides', async () => {
    const breached = breachedList(file('decides.txt', lines.join('\n')))
    await expect(take('leaked phrase 7', { breached })).rejects.toThrow(/found in a breach/)
    await expect(take('unleaked phrase 7', { breached })).resolves.toBeTruthy()
  })
})

describe('hashing', () => {
  const key = new Uint8Array(32).fill(7)
  const hashing = new PasswordHashing(async () => key)

  it('is argon2id with the parameters that OWASP names, and a key of ours', async () => {
    const stored = await hashing.hash('otter lamp quill')
    expect(stored).toMatch(/^\$argon2id\$v=19\$m=19456,t=2,p=1\$/)
    expect(isSlowHash(stored)).toBe(true)
    expect(isOutdated(stored)).toBe(false)
    expect(await hashing.verify(stored, 'otter lamp quill')).toEqual({ right: true, outdated: false })
    expect((await hashing.verify(stored, 'otter lamp quilt')).right).toBe(false)
    // The database alone is not enough.
    expect((await new PasswordHashing(async () => new Uint8Array(32)).verify(stored, 'otter lamp quill')).right).toBe(false)
    expect(await hashing.hash('otter lamp quill')).not.toBe(stored)
  })

  it('finds hashes of weaker parameters, and takes no other text for a slow hash', () => {
    const weak = '$argon2id$v=19$m=4096,t=1,p=1$c29tZXNhbHRzb21lc2FsdA$Zm9vYmFyZm9vYmFyZm9vYmFyZm9vYmFyZm9vYmFyZm8'
    expect(isOutdated(weak)).toBe(true)
    for (const bad of [weak, 'plain', '', '5f4dcc3b5aa765d61d8327deb882cf99', weak.replace('argon2id', 'argon2i')]) expect(isSlowHash(bad), bad).toBe(false)
  })

  it('does the same work where nothing is stored, and never says yes', async () => {
    await hashing.verify(undefined, 'the first one makes the decoy')
    expect(hashing.load).toEqual({ running: 0, waiting: 0 })
    const asked = hashing.verify(undefined, 'whatever it is')
    await new Promise((soon) => setImmediate(soon))
    expect(hashing.load.running).toBe(1) // a real hash is being computed, though there is none to compare it with
    expect(await asked).toEqual({ right: false, outdated: false })
  })

  it('never runs more than two at once, and sends away whoever finds a hundred waiting', async () => {
    const stored = await hashing.hash('otter lamp quill')
    const all = Array.from({ length: 130 }, () => hashing.verify(stored, 'wrong').then(() => 'done', (error: { code: string }) => error.code))
    await new Promise((soon) => setImmediate(soon))
    expect(hashing.load.running).toBe(2)
    expect(hashing.load.waiting).toBeLessThanOrEqual(100)
    const outcomes = await Promise.all(all)
    expect(outcomes.filter((outcome) => outcome === 'done')).toHaveLength(102)
    expect(outcomes.filter((outcome) => outcome === 'rate-limited')).toHaveLength(28)
    expect(hashing.load).toEqual({ running: 0, waiting: 0 })
  })
})
