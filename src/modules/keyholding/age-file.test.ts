import { spawnSync } from 'node:child_process'
import { armor, Decrypter, Encrypter, generateX25519Identity, identityToRecipient } from 'age-encryption'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { readAgeFile, requireWrap, WRAP_KINDS, type WrapKind } from './age-file.ts'
import { readRecipient } from './recipient.ts'
import { readVectors, vectorsAreHere } from './vectors.fixture.ts'

const refused = expect.objectContaining({ name: 'VouchsafeError' })
const takes = (kind: WrapKind, bytes: Uint8Array): boolean => {
  try {
    requireWrap(kind, bytes)
    return true
  } catch (error) {
    expect(error).toEqual(refused)
    return false
  }
}
const reads = (bytes: Uint8Array): boolean => {
  try {
    readAgeFile(bytes)
    return true
  } catch (error) {
    expect(error).toEqual(refused)
    return false
  }
}

const identity = await generateX25519Identity()
const recipient = await identityToRecipient(identity)
const wrapped = async (how: (encrypter: Encrypter) => void): Promise<Uint8Array> => {
  const encrypter = new Encrypter()
  how(encrypter)
  return encrypter.encrypt(identity)
}
const recovery = await wrapped((encrypter) => encrypter.addRecipient(recipient))
const passphrase = await wrapped((encrypter) => {
  encrypter.setScryptWorkFactor(17)
  encrypter.setPassphrase('quiet heron')
})
/** What a passkey's library writes: one stanza with a nonce of 16 bytes. */
const passkey = await wrapped((encrypter) => encrypter.addRecipient({ wrapFileKey: async () => [{ args: ['age-encryption.org/fido2prf', 'AAAAAAAAAAAAAAAAAAAAAA'], body: new Uint8Array(32) }] }))

describe.skipIf(!vectorsAreHere)('the test files of the age format (skipped where ../shared/data/age is absent)', () => {
  const vectors = vectorsAreHere ? readVectors() : []

  it('are all there', () => {
    expect(vectors.length).toBeGreaterThan(100)
    expect(new Set(vectors.map((vector) => vector.expect))).toEqual(new Set(['success', 'no match', 'HMAC failure', 'header failure', 'armor failure', 'payload failure']))
  })

  // Armor is unwrapped in no place of ours, and what it holds is no age file before that.
  const binary = vectors.filter(({ armored }) => !armored)

  it.each(binary.filter(({ expect: expected }) => expected === 'success' || expected === 'no match' || expected === 'HMAC failure').map((vector) => [vector.name, vector] as const))('%s is read', (_name, { file }) => {
    expect(reads(file)).toBe(true)
  })

  it.each(binary.filter(({ expect: expected }) => expected === 'header failure').map((vector) => [vector.name, vector] as const))('%s is never kept', (_name, { file }) => {
    expect(WRAP_KINDS.filter((kind) => takes(kind, file))).toEqual([])
  })

  it('armored files are refused whole', () => {
    for (const { file } of vectors.filter(({ armored }) => armored)) expect(reads(file)).toBe(false)
  })
})

describe('what is kept as a wrap', () => {
  it('is for one opener of the kind that it says', () => {
    const files: Record<WrapKind, Uint8Array> = { passkey, passphrase, recovery }
    for (const kind of WRAP_KINDS) for (const other of WRAP_KINDS) expect([kind, other, takes(kind, files[other])]).toEqual([kind, other, kind === other])
  })

  it('has no second opener, whoever that is', async () => {
    const two = await wrapped((encrypter) => {
      encrypter.addRecipient(recipient)
      encrypter.addRecipient(recipient)
    })
    expect(reads(two)).toBe(true)
    expect(takes('recovery', two)).toBe(false)
  })

  it('a passphrase is stretched enough, and not beyond what a phone can do', async () => {
    const weak = await wrapped((encrypter) => {
      encrypter.setScryptWorkFactor(10)
      encrypter.setPassphrase('x')
    })
    expect(takes('passphrase', weak)).toBe(false)
    const text = Buffer.from(passphrase).toString('latin1')
    for (const work of ['16', '23', '018', '99', '-1', '1e1', '']) expect(takes('passphrase', Buffer.from(text.replace(/^(-> scrypt \S+) 17$/m, `$1 ${work}`), 'latin1'))).toBe(false)
    expect(takes('passphrase', Buffer.from(text.replace(/^(-> scrypt \S+) 17$/m, '$1 18'), 'latin1'))).toBe(true)
  })

  it('is small', () => {
    expect(takes('recovery', Buffer.concat([recovery, Buffer.alloc(2048)]))).toBe(false)
  })

  it('armor is not taken for a file', () => {
    expect(reads(Buffer.from(armor.encode(recovery)))).toBe(false)
  })

  it('whatever the bytes are, it is taken or refused, and nothing else happens', () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 400 }), (bytes) => void reads(bytes)))
    fc.assert(
      fc.property(fc.nat(recovery.length - 1), fc.nat(255), (at, byte) => {
        const changed = Uint8Array.from(recovery)
        changed[at] = byte
        takes('recovery', changed)
      }),
      { numRuns: 1000 },
    )
  })
})

describe('a recipient', () => {
  it('is read as others write it', async () => {
    expect(readRecipient(recipient)).toHaveLength(32)
    // README of the age command: a recipient that is printed there.
    expect(readRecipient('age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p')).toHaveLength(32)
  })

  it('has one spelling, and no slip of the pen', () => {
    for (let at = 4; at < recipient.length; at++) {
      const changed = `${recipient.slice(0, at)}${recipient[at] === 'q' ? 'p' : 'q'}${recipient.slice(at + 1)}`
      expect(() => readRecipient(changed)).toThrow(refused)
    }
    for (const other of [recipient.toUpperCase(), `${recipient} `, recipient.slice(0, -1), `${recipient}q`, identity, 'age1', '', recipient.replace('age1', 'abc1')]) expect(() => readRecipient(other)).toThrow(refused)
  })

  it('of small order is refused: everybody could read a file for it', () => {
    // 0, 1 and one of order 8 (RFC 7748 §6.1 and the list that it names), with right checksums.
    for (const text of ['age1qqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqq5cu47z', 'age1qyqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqj7vrya', 'age1ur4h5lpmgxu2u9jku0a0r87ydtdqnr0tnsetrlvxvgz3vh6fhqqqzyt4v9'])
      expect(() => readRecipient(text)).toThrow(expect.objectContaining({ message: expect.stringContaining('everybody') }))
  })
})

describe.skipIf(spawnSync('age', ['--version']).error !== undefined)('Debian’s age (skipped where it is absent)', () => {
  it('writes files that are read here, and opens what the library wrote', async () => {
    const theirs = spawnSync('age', ['-r', recipient], { input: identity })
    expect(takes('recovery', theirs.stdout)).toBe(true)
    const decrypter = new Decrypter()
    decrypter.addIdentity(identity)
    expect(await decrypter.decrypt(Uint8Array.from(theirs.stdout), 'text')).toBe(identity)
    const back = spawnSync('bash', ['-c', 'age -d -i <(printf %s "$KEY")'], { input: recovery, env: { ...process.env, KEY: identity }, encoding: 'utf8' })
    expect(back.stdout).toBe(identity)
  })

  it('names the same recipients', () => {
    const made = spawnSync('age-keygen', { encoding: 'utf8' }).stdout
    expect(readRecipient(/public key: (age1\S+)/.exec(made)?.[1] ?? '')).toHaveLength(32)
  })
})
