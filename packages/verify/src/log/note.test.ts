import { generateKeyPairSync, sign } from 'node:crypto'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { sameBytes, toBase64, toHex, utf8 } from '../bytes.ts'
import { VerifyError } from '../errors.ts'
import { checkpointText, openCheckpoint, parseCheckpoint, parseCheckpointText, signCheckpoint } from './checkpoint.ts'
import { cosign, cosignedMessage, verifyCosignature } from './cosignature.ts'
import { compareWithMemory } from './memory.ts'
import { completeSubtrees, consistencyPlan, EMPTY_ROOT, inclusionPlan, leafHash, nodeHash, proofOf, rootOf } from './merkle.ts'
import { nodeKey, poolFor, poolNodes, rootFromPool } from './nodes.ts'
import { formatNote, formatVkey, parseNote, parseVkey, signatureLine, signNote, verifierKey, verifyNote, type Note, type Signer } from './note.ts'
import { encodeProof, parseProof, verifyProof } from './proof.ts'
import { openReceipt, signReceipt } from './receipt.ts'
import { decodeBundle, encodeBundle } from './tile.ts'
import { parseWitnessPolicy, weighCosignatures } from './witness-policy.ts'

function newSigner(): Signer {
  const { publicKey, privateKey } = generateKeyPairSync('ed25519')
  return { publicKey: publicKey.export({ format: 'der', type: 'spki' }).subarray(-32), sign: async (message) => sign(null, message, privateKey) }
}
const code = (act: () => unknown): string => {
  try {
    act()
    return 'accepted'
  } catch (error) {
    if (!(error instanceof VerifyError)) throw error
    return error.code
  }
}

const data = path.resolve(import.meta.dirname, '../../../../../shared/data/tlog')

describe.skipIf(!existsSync(data))('published examples (skipped where ../shared is absent)', () => {
  const vkey = 'example.com/log/testdata+33d7b496+AeHTu4Q3hEIMHNqc6fASMsq3rKNx280NI+oO5xCFkkSx'
  const log = path.join(data, 'tessera-log')
  const entries = 'one two three four five six seven eit nain ten ileven twelf threeten fourten fivten'.split(' ').map(utf8)

  it('opens every checkpoint of the grown test log, and computes each of its roots', () => {
    const names = readdirSync(log).filter((name) => name.startsWith('checkpoint'))
    expect(names).toHaveLength(17)
    for (const name of names) {
      const bytes = readFileSync(path.join(log, name))
      const checkpoint = openCheckpoint(bytes, parseVkey(vkey))
      if (name !== 'checkpoint') expect(checkpoint.size).toBe(Number(name.slice('checkpoint.'.length)))
      const hashAt = (level: number, index: number): Uint8Array => subtree(entries.slice(index * 2 ** level, (index + 1) * 2 ** level))
      expect(toHex(rootOf(checkpoint.size, hashAt)), name).toBe(toHex(checkpoint.root))
      expect(formatNote(checkpoint.note)).toBe(bytes.toString('utf8'))
    }
  })

  it('writes each of its tiles and entry bundles byte for byte', () => {
    for (let width = 1; width <= 15; width++) {
      const bundle = readFileSync(path.join(log, `tile/entries/000.p/${width}`))
      expect(toHex(encodeBundle(entries.slice(0, width)))).toBe(toHex(bundle))
      expect(decodeBundle(bundle, width).map(toHex)).toEqual(entries.slice(0, width).map(toHex))
      expect(toHex(Buffer.concat(entries.slice(0, width).map(leafHash)))).toBe(readFileSync(path.join(log, `tile/0/000.p/${width}`)).toString('hex'))
    }
  })

  it('verifies the example of signed-note.md by the verifier key beside it', () => {
    const text = readFileSync(path.join(data, 'signed-note.md'), 'utf8')
    const key = /^ {4}(example\.com\/foo\+\S+)$/m.exec(text)?.[1] as string
    const note = /^This is an example message\.\n\n— .*\n/m.exec(text)?.[0] as string
    expect(verifyNote(parseNote(note), [parseVkey(key)]).signedBy).toHaveLength(1)
    expect(formatVkey(parseVkey(key))).toBe(key)
    expect(code(() => verifyNote(parseNote(note.replace('an example', 'no example')), [parseVkey(key)]))).toBe('bad-signature')
  })

  it('reads the checkpoints and notes that the specifications show, and writes them again as they were', () => {
    for (const [file, least] of [['signed-note.md', 2], ['tlog-checkpoint.md', 1], ['tlog-cosignature.md', 1]] as const) {
      const blocks = [...readFileSync(path.join(data, file), 'utf8').matchAll(/^```\n([^`]*\n\n— [^`]*)```$/gm)].map((match) => match[1] as string)
      expect(blocks.length, file).toBeGreaterThanOrEqual(least)
      for (const block of blocks) {
        expect(formatNote(parseNote(block))).toBe(block)
        if (file !== 'signed-note.md') expect(parseCheckpoint(block)).toMatchObject({ origin: 'example.com/behind-the-sofa', size: 20852163 })
      }
    }
  })

  it('says a cosignature over exactly the message of tlog-cosignature.md', () => {
    const text = readFileSync(path.join(data, 'tlog-cosignature.md'), 'utf8')
    const message = (/^ {4}cosignature\/v1\n(?: {4}.*\n)+/m.exec(text)?.[0] ?? '').replaceAll(/^ {4}/gm, '')
    const body = message.split('\n').slice(2).join('\n')
    expect(Buffer.from(cosignedMessage(body, 1679315147)).toString()).toBe(message)
  })
})

function subtree(entries: readonly Uint8Array[]): Uint8Array {
  if (entries.length === 1) return leafHash(entries[0] as Uint8Array)
  return nodeHash(subtree(entries.slice(0, entries.length / 2)), subtree(entries.slice(entries.length / 2)))
}

describe('notes', () => {
  it('are reported with every line by a key that is not known', async () => {
    const known = newSigner()
    const other = newSigner()
    const text = 'hello\n'
    const note: Note = { text, signatures: [await signNote(text, 'a.example/1', known), await signNote(text, 'b.example/2', other)] }
    const { signedBy, unknown } = verifyNote(parseNote(formatNote(note)), [verifierKey('a.example/1', 1, known.publicKey)])
    expect(signedBy.map(({ name }) => name)).toEqual(['a.example/1'])
    expect(unknown.map(({ name }) => name)).toEqual(['b.example/2'])
    expect(code(() => verifyNote(note, [verifierKey('c', 1, other.publicKey)]))).toBe('untrusted')
  })

  it('fall when a known key signed wrongly, even beside a good signature', async () => {
    const a = newSigner()
    const b = newSigner()
    const good = await signNote('x\n', 'a', a)
    const bad = await signNote('y\n', 'b', b)
    expect(code(() => verifyNote({ text: 'x\n', signatures: [good, bad] }, [verifierKey('a', 1, a.publicKey), verifierKey('b', 1, b.publicKey)]))).toBe('bad-signature')
  })

  const line = signatureLine({ name: 'a', keyId: '01020304', signature: new Uint8Array(64) })
  it.each([
    ['no signature', 'x\n\n'],
    ['no text', line],
    ['no newline at the end', `x\n\n${line.slice(0, -1)}`],
    ['a carriage return', `x\r\n\n${line}`],
    ['a tab', `x\ty\n\n${line}`],
    ['a hyphen for the em dash', `x\n\n${line.replace('—', '-')}`],
    ['two spaces', `x\n\n${line.replace(' a ', '  a ')}`],
    ['a plus in the name', `x\n\n${line.replace(' a ', ' a+b ')}`],
    ['a Unicode space in the name', `x\n\n${line.replace(' a ', ' a\u2003b ')}`],
    ['a short signature', 'x\n\n— a AAAA\n'],
    ['text after the signatures', `x\n\n${line}y\n`],
    ['missing padding', `x\n\n${line.replace(/=+\n/, '\n')}`],
    ['the URL alphabet', `x\n\n${line.replace('AAA', '_AA')}`],
    ['one key twice', `x\n\n${line}${line}`],
  ])('with %s are refused', (_, text) => expect(code(() => parseNote(text))).toMatch(/malformed|not-canonical/))

  it('take sixteen signatures and more, and not any number', () => {
    const many = (count: number): string => `x\n\n${Array.from({ length: count }, (_, i) => line.replace(' a ', ` a${i} `)).join('')}`
    expect(parseNote(many(16)).signatures).toHaveLength(16)
    expect(code(() => parseNote(many(65)))).toBe('too-large')
    expect(code(() => parseNote(`${'x'.repeat(1_000_001)}\n\n${line}`))).toBe('too-large')
    expect(code(() => parseNote(Uint8Array.of(0xff, 0x0a, 0x0a)))).toBe('malformed')
  })

  it('never read a verifier key whose id is not that of the key', () => {
    const vkey = formatVkey(verifierKey('a.example', 1, newSigner().publicKey))
    expect(code(() => parseVkey(vkey))).toBe('accepted')
    const [, name, id, key] = /^([^+]+)\+([^+]+)\+(.+)$/.exec(vkey) as unknown as [string, string, string, string] // the key may hold a plus sign of its own
    expect(code(() => parseVkey([name, id === '00000000' ? '00000001' : '00000000', key].join('+')))).toBe('malformed')
    expect(code(() => parseVkey(`${name}+${id}`))).toBe('malformed')
  })
})

describe('checkpoints', () => {
  const root = toBase64(new Uint8Array(32).fill(7))
  it.each([
    ['a leading zero', `o\n01\n${root}\n`],
    ['a sign', `o\n+1\n${root}\n`],
    ['a size above 2^53', `o\n9007199254740993\n${root}\n`],
    ['no origin', `\n1\n${root}\n`],
    ['a short root', `o\n1\n${toBase64(new Uint8Array(31))}\n`],
    ['stray bits in the root', `o\n1\n${root.replace('c=', 'd=')}\n`],
    ['an empty extension line', `o\n1\n${root}\n\nx\n`],
    ['two lines', `o\n1\n`],
    ['another root of the empty tree', `o\n0\n${root}\n`],
  ])('with %s are refused', (_, text) => expect(code(() => parseCheckpointText(text))).not.toBe('accepted'))

  it('are written again byte for byte, extension lines included', () => {
    const text = `o\n5\n${root}\next one\next two\n`
    expect(checkpointText(parseCheckpointText(text))).toBe(text)
    expect(parseCheckpointText(text).extensions).toEqual(['ext one', 'ext two'])
    expect(code(() => checkpointText({ origin: 'a\nb', size: 1, root: new Uint8Array(32), extensions: [] }))).not.toBe('accepted')
  })

  it('of another origin are not believed, though the same key signed them', async () => {
    const signer = newSigner()
    const signed = await signCheckpoint({ origin: 'other', size: 1, root: new Uint8Array(32), extensions: [] }, signer)
    expect(code(() => openCheckpoint(formatNote(signed.note), verifierKey('mine', 1, signer.publicKey)))).toBe('untrusted')
  })
})

/** A small log: entries, hashes, a signed and cosigned checkpoint. */
async function smallLog(size: number): Promise<{ note: Note; hashAt: (l: number, i: number) => Uint8Array; root: Uint8Array; key: ReturnType<typeof verifierKey>; witness: ReturnType<typeof verifierKey>; leaf: (i: number) => Uint8Array; signer: Signer }> {
  const entries = Array.from({ length: size }, (_, i) => utf8(`entry ${i}`))
  const hashAt = (level: number, index: number): Uint8Array => subtree(entries.slice(index * 2 ** level, (index + 1) * 2 ** level))
  const root = rootOf(size, hashAt)
  const signer = newSigner()
  const witnessSigner = newSigner()
  const signed = await signCheckpoint({ origin: 'log.example', size, root, extensions: [] }, signer)
  const note = { text: signed.note.text, signatures: [...signed.note.signatures, await cosign(signed.note.text, 'w.example', witnessSigner, 1_700_000_000)] }
  return { note, hashAt, root, key: verifierKey('log.example', 1, signer.publicKey), witness: verifierKey('w.example', 4, witnessSigner.publicKey), leaf: (i) => leafHash(entries[i] as Uint8Array), signer }
}

describe('cosignatures', () => {
  it('give the time at which they were made, and hold for that checkpoint alone', async () => {
    const { note, witness } = await smallLog(9)
    const line = note.signatures[1] as Note['signatures'][number]
    expect(verifyCosignature(note.text, line, witness).timestamp).toBe(1_700_000_000)
    expect(code(() => verifyCosignature(note.text.replace('\n9\n', '\n8\n'), line, witness))).toBe('bad-signature')
    for (let i = 0; i < line.signature.length; i++) {
      const changed = line.signature.slice()
      changed[i] = (changed[i] as number) ^ 1
      expect(code(() => verifyCosignature(note.text, { ...line, signature: changed }, witness))).toBe('bad-signature')
    }
  })

  it('of ML-DSA-44 are never counted as verified', async () => {
    const { note } = await smallLog(2)
    const key = verifierKey('pq.example', 6, new Uint8Array(1312))
    expect(code(() => verifyCosignature(note.text, { name: key.name, keyId: key.keyId, signature: new Uint8Array(2428) }, key))).toBe('untrusted')
  })
})

describe('tlog proofs', () => {
  it('are read, written again byte for byte, and verified', async () => {
    for (const size of [1, 2, 7, 30]) {
      const { note, hashAt, key, leaf } = await smallLog(size)
      for (const index of [0, size - 1]) {
        const proof = { index, hashes: proofOf(inclusionPlan(index, size), hashAt), checkpoint: parseCheckpoint(formatNote(note)) }
        for (const extra of [undefined, utf8('note to self'), new Uint8Array(0)]) {
          const bytes = encodeProof({ ...proof, ...(extra ? { extra } : {}) })
          const parsed = parseProof(bytes)
          expect(toHex(encodeProof(parsed))).toBe(toHex(bytes))
          expect(parsed.extra?.length).toBe(extra?.length)
          expect(verifyProof(parsed, leaf(index), key).others.map(({ name }) => name)).toEqual(['w.example'])
        }
        if (size > 1) expect(code(() => verifyProof(proof, leaf((index + 1) % size), key))).toBe('bad-proof')
      }
    }
  })

  it('survive no mutation: each accepted byte string is written again as it was, and a changed one does not verify', async () => {
    const { note, hashAt, key, leaf, witness } = await smallLog(23)
    const bytes = encodeProof({ index: 11, hashes: proofOf(inclusionPlan(11, 23), hashAt), checkpoint: parseCheckpoint(formatNote(note)) })
    const policy = parseWitnessPolicy(`witness w ${formatVkey(witness)}\nquorum w\n`)
    const accepts = (candidate: Uint8Array): boolean => {
      try {
        const proof = parseProof(candidate)
        expect(sameBytes(encodeProof(proof), candidate)).toBe(true)
        const { checkpoint } = verifyProof(proof, leaf(11), key)
        const report = weighCosignatures(policy, checkpoint.note, key)
        // A line by nobody known is reported; that is the one change which can go through.
        return report.quorum && report.unknown.length === 0
      } catch (error) {
        if (!(error instanceof VerifyError)) throw error
        return false
      }
    }
    expect(accepts(bytes)).toBe(true)
    fc.assert(
      fc.property(fc.nat(bytes.length - 1), fc.integer({ min: 1, max: 255 }), fc.constantFrom('flip', 'drop', 'double', 'insert'), (at, value, kind) => {
        const front = bytes.subarray(0, at)
        const middle = { flip: [(bytes[at] as number) ^ value], drop: [], double: [bytes[at] as number, bytes[at] as number], insert: [value, bytes[at] as number] }[kind]
        const changed = Uint8Array.from([...front, ...middle, ...bytes.subarray(at + 1)])
        if (!sameBytes(changed, bytes)) expect(accepts(changed)).toBe(false)
      }),
      { numRuns: 3000 },
    )
  })
})

describe('pooled proofs', () => {
  it('lead any set of leaves of any tree to its root, with exactly the nodes that are needed', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 64 }), fc.array(fc.nat(63), { maxLength: 12 }), fc.nat(), (size, wanted, pick) => {
        const entries = Array.from({ length: size }, (_, i) => utf8(`${i}`))
        const hashAt = (level: number, index: number): Uint8Array => subtree(entries.slice(index * 2 ** level, (index + 1) * 2 ** level))
        const indices = wanted.map((index) => index % size)
        const leaves = new Map(indices.map((index) => [index, leafHash(entries[index] as Uint8Array)]))
        const pool = poolFor(indices, size, hashAt)
        const root = toHex(rootOf(size, hashAt))
        expect(toHex(rootFromPool(leaves, size, pool))).toBe(root)
        // Minimal: the nodes and the leaves cover the tree once, and no two nodes are halves of one.
        const covered = [...pool.keys()].reduce((sum, key) => sum + 2 ** Number(key.split('/')[0]), leaves.size)
        expect(covered).toBe(size)
        for (const key of pool.keys()) {
          const [level, index] = key.split('/').map(Number) as [number, number]
          const tops = completeSubtrees(0, size).map(nodeKey)
          if (!tops.includes(key)) expect(pool.has(`${level}/${index ^ 1}`)).toBe(false)
        }
        // Neither more nor less, nor other.
        const keys = [...pool.keys()]
        if (keys.length > 0) {
          const less = new Map(pool)
          less.delete(keys[pick % keys.length] as string)
          expect(code(() => rootFromPool(leaves, size, less))).toBe('bad-proof')
          const other = new Map(pool)
          other.set(keys[pick % keys.length] as string, EMPTY_ROOT)
          expect(toHex(rootFromPool(leaves, size, other))).not.toBe(root)
        }
        expect(code(() => rootFromPool(leaves, size, new Map([...pool, ['60/0', EMPTY_ROOT]])))).toBe('bad-proof')
      }),
    )
  })

  it('plan nothing for leaves outside the tree', () => {
    expect(code(() => poolNodes([5], 5))).toBe('bad-proof')
    expect(code(() => poolNodes([-1], 5))).toBe('bad-proof')
    expect(code(() => poolNodes([0.5], 5))).toBe('bad-proof')
    expect(code(() => poolNodes([2 ** 60], 2 ** 61))).toBe('bad-proof')
  })
})

describe('witness policies', () => {
  const keys = Array.from({ length: 5 }, (_, i) => ({ signer: newSigner(), name: `w${i}.example` }))
  const vkeys = keys.map(({ signer, name }) => formatVkey(verifierKey(name, 4, signer.publicKey)))
  const logSigner = newSigner()
  const logKey = verifierKey('log.example', 1, logSigner.publicKey)
  const policyText = `# two houses\nlog ${formatVkey(logKey)} https://log.example/\nwitness X1 ${vkeys[0]}\n\twitness X2  ${vkeys[1]} https://x2.example/\nwitness X3 ${vkeys[2]}\ngroup X 2 X1 X2 X3\n\nwitness Y1 ${vkeys[3]}\nwitness Y2 ${vkeys[4]}\ngroup Y any Y1 Y2\ngroup both all X Y\nquorum both\n`
  const cosignedBy = async (...which: number[]): Promise<Note> => {
    const { note } = await signCheckpoint({ origin: 'log.example', size: 3, root: new Uint8Array(32), extensions: [] }, logSigner)
    const lines = await Promise.all(which.map((i) => cosign(note.text, (keys[i] as { name: string }).name, (keys[i] as { signer: Signer }).signer, 1000 + i)))
    return { text: note.text, signatures: [...note.signatures, ...lines] }
  }

  it('count members towards their groups, and groups towards the quorum', async () => {
    const policy = parseWitnessPolicy(policyText)
    expect(policy.witnesses[1]?.url).toBe('https://x2.example/')
    for (const [which, enough] of [
      [[0, 1, 3], true],
      [[1, 2, 4], true],
      [[0, 1, 2], false],
      [[0, 3, 4], false],
      [[], false],
    ] as const)
      expect(weighCosignatures(policy, await cosignedBy(...which), logKey).quorum, which.join()).toBe(enough)
  })

  it('say who cosigned, when, and whose witness it is; and report lines of nobody known', async () => {
    const stranger = newSigner()
    const note = await cosignedBy(0, 3)
    const more = { ...note, signatures: [...note.signatures, await cosign(note.text, 'stranger.example', stranger, 5)] }
    const own = verifierKey('w3.example', 4, (keys[3] as { signer: Signer }).signer.publicKey)
    const report = weighCosignatures(parseWitnessPolicy(policyText), more, logKey, [own])
    expect(report.witnesses.map(({ name, operator, standing }) => [name, operator, standing.kind])).toEqual([
      ['X1', 'other', 'cosigned'],
      ['X2', 'other', 'absent'],
      ['X3', 'other', 'absent'],
      ['Y1', 'own', 'cosigned'],
      ['Y2', 'other', 'absent'],
    ])
    expect(report.newest).toBe(1003)
    expect(report.unknown.map(({ name }) => name)).toEqual(['stranger.example'])
  })

  it('do not count a witness whose line was made for another checkpoint', async () => {
    const note = await cosignedBy(0, 1, 3)
    const other = { ...note, text: note.text.replace('\n3\n', '\n4\n') }
    expect(code(() => weighCosignatures(parseWitnessPolicy(policyText), other, logKey))).toBe('bad-signature')
  })

  it('may need nobody', async () => expect(weighCosignatures(parseWitnessPolicy('quorum none\n'), await cosignedBy(), logKey).quorum).toBe(true))

  it.each([
    ['no quorum', `witness a ${vkeys[0]}\n`],
    ['two quorums', 'quorum none\nquorum none\n'],
    ['a quorum of nobody known', 'quorum a\n'],
    ['a name twice', `witness a ${vkeys[0]}\nwitness a ${vkeys[1]}\nquorum a\n`],
    ['a key twice', `witness a ${vkeys[0]}\nwitness b ${vkeys[0]}\nquorum a\n`],
    ['the name none', `witness none ${vkeys[0]}\nquorum none\n`],
    ['a member twice', `witness a ${vkeys[0]}\ngroup g any a a\nquorum g\n`],
    ['a member of two groups', `witness a ${vkeys[0]}\ngroup g any a\ngroup h any a\nquorum g\n`],
    ['a member defined below', `group g any a\nwitness a ${vkeys[0]}\nquorum g\n`],
    ['none as a member', 'group g any none\nquorum g\n'],
    ['a threshold of 0', `witness a ${vkeys[0]}\ngroup g 0 a\nquorum g\n`],
    ['a threshold above the members', `witness a ${vkeys[0]}\ngroup g 2 a\nquorum g\n`],
    ['an empty group', `witness a ${vkeys[0]}\ngroup g any\nquorum a\n`],
    ["a log's key for a witness", `witness a ${formatVkey(logKey)}\nquorum a\n`],
    ['an unknown word', 'allow everything\nquorum none\n'],
    ['a carriage return', 'quorum none\r\n'],
    ['a broken key', 'witness a b+c+d\nquorum a\n'],
  ])('with %s are refused, by line', (_, text) => {
    expect(code(() => parseWitnessPolicy(text))).toBe('malformed')
  })
})

describe('what a reader remembers', () => {
  const entries = Array.from({ length: 20 }, (_, i) => utf8(`entry ${i}`))
  const treeOf = (list: readonly Uint8Array[]) => (level: number, index: number) => subtree(list.slice(index * 2 ** level, (index + 1) * 2 ** level))
  const at = (size: number, list = entries) => ({ origin: 'o', size, root: rootOf(size, treeOf(list)) })
  const proof = (old: number, size: number, list = entries) => proofOf(consistencyPlan(old, size), treeOf(list))
  const forked = entries.map((entry, i) => (i === 4 ? utf8('another') : entry))

  it('tells the same, growth, rollback and fork apart', () => {
    expect(compareWithMemory(undefined, at(5)).kind).toBe('first-visit')
    expect(compareWithMemory(at(5), at(5)).kind).toBe('same')
    expect(compareWithMemory(at(5), at(5, forked)).kind).toBe('fork')
    expect(compareWithMemory(at(9), at(5))).toEqual({ kind: 'rollback', by: 4 })
    for (const [old, size] of [[1, 2], [4, 9], [7, 20], [8, 20], [19, 20]] as const) {
      expect(compareWithMemory(at(old), at(size), proof(old, size))).toEqual({ kind: 'ahead', by: size - old })
      expect(compareWithMemory(at(old), at(size)).kind).toBe('unproven')
    }
    expect(compareWithMemory(at(7), at(20, forked), proof(7, 20, forked)).kind).toBe('fork')
    // Of a size that is a power of two the proof does not carry the old root, so it shows no fork; it is not green either.
    expect(compareWithMemory(at(8), at(20, forked), proof(8, 20, forked)).kind).toBe('unproven')
    expect(code(() => compareWithMemory(at(5), { ...at(5), origin: 'p' }))).toBe('inconsistent')
  })
})

describe('receipts', () => {
  it('hold for one log and one leaf', async () => {
    const signer = newSigner()
    const key = verifierKey('log.example', 1, signer.publicKey)
    const text = await signReceipt({ origin: 'log.example', leafHash: leafHash(utf8('x')), at: '2026-03-01T00:00:00Z' }, signer)
    expect(openReceipt(text, key).at).toBe('2026-03-01T00:00:00Z')
    expect(code(() => openReceipt(text, verifierKey('other.example', 1, signer.publicKey)))).toBe('untrusted')
    expect(code(() => openReceipt(text.replace('2026', '2027'), key))).toBe('bad-signature')
    expect(code(() => parseCheckpoint(text))).not.toBe('accepted')
  })
})
