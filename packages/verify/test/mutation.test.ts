import { createHash } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import {
  canonicalBytes, canonicalJson, envelopeBytes, fromBase64, parseCanonical, readBundle, sealEnvelope, textOf, toBase64, utf8, verifyBundle, verifyBytes, verifySteps, commitmentOf, encodeLeaf, decodeLeaf, parseNote, formatNote,
  type BundleOptions, type Json,
} from '../src/index.ts'
import { buildHistory, testKey } from './history.ts'

/** Parsed JSON that is about to be spoilt: no type holds. */
type Loose = ReturnType<typeof JSON.parse>

/** Numbers that look random, the same in every run: a mutation that got through can be found again. */
function chance(seed: string): (below: number) => number {
  let counter = 0
  let pool = Buffer.alloc(0)
  return (below) => {
    if (pool.length < 6) pool = createHash('sha512').update(`${seed} ${counter++}`).digest()
    const value = pool.readUIntBE(0, 6)
    pool = pool.subarray(6)
    return value % below
  }
}

const history = await buildHistory()
const { log, at, policy, claims, source } = history
// The reader has been here before, knows the key and trusts both witnesses.
const options: BundleOptions = { at, vkey: log.vkey, policy }

const tls = claims[0] as (typeof claims)[number]
const piece = history.evidence[3] as (typeof history.evidence)[number]
const GOOD: Record<string, Uint8Array> = {
  claim: await log.claimBundle(tls.id, tls.text, at),
  'claim with an attestation': await log.claimBundle('claim-keys', claims[2]?.text ?? '', at),
  page: await log.pageBundle('security', source, at),
  entry: await log.entryBundle(30, at),
  evidence: await log.evidenceBundle(piece.written, piece.result, piece.binding, Object.values(piece.disclosures), at),
  proof: await log.proof(log.placed[20]?.index ?? 0, at),
}
const GENESIS_ENTRIES = log.placed

/** With the page's claims, so that a page's report can be good at all. */
const withClaims = await (async (): Promise<BundleOptions> => {
  const proven = []
  for (const { id, text } of claims) {
    const steps = verifySteps(await log.claimBundle(id, text, at), options)
    for (;;) {
      const { done, value } = steps.next()
      if (!done) continue
      if (value.proven) proven.push({ claim: id, proven: value.proven })
      break
    }
  }
  return { ...options, claims: proven }
})()

type Mutation = (bytes: Uint8Array, random: (below: number) => number) => Uint8Array | undefined | Promise<Uint8Array | undefined>

/** Edits the parsed container and writes it canonically again, so that only proofs and signatures can object. */
const edited =
  (edit: (bundle: { [key: string]: Loose }, random: (below: number) => number) => boolean | void): Mutation =>
  (bytes, random) => {
    if (bytes[0] !== 0x7b) return undefined
    const bundle = JSON.parse(textOf(bytes)) as { [key: string]: Loose }
    return edit(bundle, random) === false ? undefined : canonicalBytes(bundle)
  }
const any = <T>(items: readonly T[], random: (below: number) => number): T => items[random(items.length)] as T
const flipped = (text: string, random: (below: number) => number): string => {
  const bytes = Uint8Array.from(fromBase64(text))
  const i = random(bytes.length)
  bytes[i] = (bytes[i] as number) ^ (1 << random(8))
  return toBase64(bytes)
}

/** Each path to a value within a JSON value. */
function paths(value: Json, path: (string | number)[] = []): (string | number)[][] {
  if (typeof value !== 'object' || value === null) return [path]
  return Object.entries(value).flatMap(([key, member]) => paths(member, [...path, Array.isArray(value) ? Number(key) : key]))
}
function replaced(value: Loose, path: readonly (string | number)[], to: (before: unknown) => unknown): Loose {
  const [key, ...rest] = path
  if (key === undefined) return to(value)
  const copy = Array.isArray(value) ? [...value] : { ...value }
  copy[key] = replaced(copy[key], rest, to)
  return copy
}
const altered = (before: unknown, random: (below: number) => number): unknown => {
  if (typeof before === 'number') return before + any([1, -1, 2, 100, 86400], random)
  if (typeof before === 'boolean') return !before
  if (before === null) return 0
  const text = typeof before === 'string' ? before : JSON.stringify(before)
  const words = ['holds', 'fails', 'unknown', 'not-run', 'checked', 'attested', 'broken', 'unbacked', 'definite', 'negative', 'software', 'recheckable'].filter((word) => word !== text)
  if (!words.includes(text) && /^\d{4}-\d\d-\d\dT/.test(text)) return text.replace(/\d(?=Z$)/, (digit) => String((Number(digit) + 1 + random(8)) % 10))
  if (/^[0-9a-f]{32,}$/.test(text)) return text.replace(/^./, (digit) => ((Number.parseInt(digit, 16) + 1 + random(14)) % 16).toString(16))
  if (random(3) === 0) return any(words, random)
  return `${text}${any(['.', 'x', ' ', '\u0301'], random)}`
}

const stranger = testKey('stranger')

const MUTATIONS: Record<string, Mutation> = {
  'a bit flipped': (bytes, random) => {
    const out = Uint8Array.from(bytes)
    const i = random(out.length)
    out[i] = (out[i] as number) ^ (1 << random(8))
    return out
  },
  'a byte inserted': (bytes, random) => {
    const i = random(bytes.length + 1)
    return Uint8Array.from([...bytes.subarray(0, i), random(256), ...bytes.subarray(i)])
  },
  'a byte deleted': (bytes, random) => {
    const i = random(bytes.length)
    return Uint8Array.from([...bytes.subarray(0, i), ...bytes.subarray(i + 1)])
  },
  'two bytes exchanged': (bytes, random) => {
    const out = Uint8Array.from(bytes)
    const [i, j] = [random(out.length), random(out.length)]
    ;[out[i], out[j]] = [out[j] as number, out[i] as number]
    return out
  },
  'cut short': (bytes, random) => bytes.slice(0, random(bytes.length)),
  'a piece repeated': (bytes, random) => {
    const i = random(bytes.length)
    const j = i + 1 + random(Math.min(200, bytes.length - i))
    return Uint8Array.from([...bytes.subarray(0, j), ...bytes.subarray(i)])
  },
  'any value of the container altered': edited((bundle, random) => {
    const path = any(paths(bundle as Json).filter((p) => p[0] !== 'checkpoint'), random)
    Object.assign(bundle, replaced(bundle, path, (before) => altered(before, random)))
  }),
  'two members exchanged between entries': edited((bundle, random) => {
    if (!bundle['entries']) return false
    const member = any(['index', 'leaf', 'salt', 'envelope'], random)
    const [a, b] = [any(bundle['entries'] as Loose[], random), any(bundle['entries'] as Loose[], random)]
    ;[a[member], b[member]] = [b[member], a[member]]
    return true
  }),
  'two entries exchanged, each keeping its index': edited((bundle, random) => {
    const entries = bundle['entries'] as Loose[]
    const [i, j] = [random(entries.length), random(entries.length)]
    ;[entries[i], entries[j]] = [{ ...entries[j], index: entries[i].index }, { ...entries[i], index: entries[j].index }]
  }),
  'an entry left out': edited((bundle, random) => void bundle['entries'].splice(random(bundle['entries'].length), 1)),
  'an entry twice': edited((bundle, random) => void bundle['entries'].splice(random(bundle['entries'].length), 0, any(bundle['entries'], random))),
  'another entry of the log put in': edited((bundle, random) => {
    const other = any(GENESIS_ENTRIES, random).index
    if (bundle['entries'].some((entry: { index: number }) => entry.index === other)) return false
    bundle['entries'] = [...bundle['entries'], ...log.bundled([other])].sort((a, b) => a.index - b.index)
    return true
  }),
  'a hash of the proof replaced': edited((bundle, random) => {
    const keys = Object.keys(bundle['nodes'])
    const key = any(keys, random)
    bundle['nodes'][key] = random(2) ? flipped(bundle['nodes'][key], random) : bundle['nodes'][any(keys, random)]
  }),
  'a hash of the proof moved': edited((bundle, random) => {
    const key = any(Object.keys(bundle['nodes']), random)
    const hash = bundle['nodes'][key]
    delete bundle['nodes'][key]
    bundle['nodes'][`${random(8)}/${random(130)}`] = hash
  }),
  'a hash added to the proof': edited((bundle, random) => {
    const key = `${random(8)}/${random(130)}`
    if (key in bundle['nodes']) return false
    bundle['nodes'][key] = toBase64(log.bytes())
    return true
  }),
  'an unknown member': edited((bundle, random) => {
    const where = any([bundle, any(bundle['entries'] as Loose[], random), any(bundle['entries'] as Loose[], random)['envelope']], random)
    where[any(['note', 'constructor', 'toString', 'x'], random)] = any(['', 1, true, null], random)
  }),
  'a member left out': edited((bundle, random) => {
    const where = any([bundle, any(bundle['entries'] as Loose[], random)], random)
    delete where[any(Object.keys(where), random)]
  }),
  'a line of the checkpoint altered': edited((bundle, random) => {
    const lines = (bundle['checkpoint'] as string).split('\n')
    const i = random(lines.length)
    lines[i] = altered(lines[i], random) as string
    bundle['checkpoint'] = lines.join('\n')
  }),
  'a signature line altered': edited((bundle, random) => {
    const note = parseNote(bundle['checkpoint'])
    const i = random(note.signatures.length)
    const signatures = note.signatures.map((line, n) => (n === i ? { ...line, signature: fromBase64(flipped(toBase64(line.signature), random)) } : line))
    bundle['checkpoint'] = formatNote({ ...note, signatures })
  }),
  'a signature line dropped': edited((bundle, random) => {
    const note = parseNote(bundle['checkpoint'])
    bundle['checkpoint'] = formatNote({ ...note, signatures: note.signatures.toSpliced(random(note.signatures.length), 1) })
  }),
  'another size, signed by nobody': edited((bundle, random) => {
    const lines = (bundle['checkpoint'] as string).split('\n')
    lines[1] = String(Math.max(1, Number(lines[1]) + random(10) - 5))
    bundle['checkpoint'] = lines.join('\n')
    return lines[1] !== String(log.size)
  }),
  // A liar who knows the format: the statement is altered, canonical, well-formed where luck has it, and signed anew.
  'a statement altered and signed by a stranger, with a leaf that commits to it': async (bytes, random) => {
    if (bytes[0] !== 0x7b) return undefined
    const bundle = JSON.parse(textOf(bytes)) as { entries: Loose[] }
    const entry = any(bundle.entries, random)
    const payload = parseCanonical(fromBase64(entry.envelope.payload))
    const changed = canonicalBytes(replaced(payload, any(paths(payload), random), (before) => altered(before, random)))
    const signer = any([stranger, history.keys.attester, history.keys.statement], random)
    entry.envelope = await sealEnvelope(changed, signer)
    const leaf = decodeLeaf(fromBase64(entry.leaf))
    entry.leaf = toBase64(encodeLeaf({ ...leaf, commitment: commitmentOf(fromBase64(entry.salt), envelopeBytes(entry.envelope)) }))
    return canonicalBytes(bundle)
  },
  'signed again by a stranger, nothing else changed': async (bytes, random) => {
    if (bytes[0] !== 0x7b) return undefined
    const bundle = JSON.parse(textOf(bytes)) as { entries: Loose[] }
    const entry = any(bundle.entries, random)
    entry.envelope = await sealEnvelope(fromBase64(entry.envelope.payload), stranger)
    return canonicalBytes(bundle)
  },
  'spelt otherwise': (bytes, random) => {
    const text = textOf(bytes)
    if (bytes[0] !== 0x7b) return utf8(text.replace('\n', '\r\n'))
    return utf8(
      any(
        [
          () => JSON.stringify(JSON.parse(text), null, random(3) + 1),
          () => `${text}\n`,
          () => ` ${text}`,
          () => text.replace('"type"', '"\\u0074ype"'),
          () => text.replace('{', '{"type":"x",'),
          () => JSON.stringify(Object.fromEntries(Object.entries(JSON.parse(text) as object).reverse())),
        ],
        random,
      )(),
    )
  },
}

const known = new Set(parseNote(await log.checkpoint(at)).signatures.map(({ name, keyId }) => `${name} ${keyId}`))

/** The one thing a mutation may add: signature lines by unknown keys, each of them reported. */
function onlyReportedLines(mutant: Uint8Array, good: Uint8Array, notes: string): boolean {
  const note = (bytes: Uint8Array): [string, (checkpoint: string) => string] => {
    const text = textOf(bytes)
    if (text.startsWith('{')) {
      const bundle = JSON.parse(text) as { checkpoint: string }
      return [bundle.checkpoint, (checkpoint) => canonicalJson({ ...bundle, checkpoint })]
    }
    const at = text.indexOf('\n\n') + 2
    return [text.slice(at), (checkpoint) => text.slice(0, at) + checkpoint]
  }
  const [checkpoint, rebuild] = note(mutant)
  const { text, signatures } = parseNote(checkpoint)
  const unknown = signatures.filter(({ name, keyId }) => !known.has(`${name} ${keyId}`))
  const rest = signatures.filter(({ name, keyId }) => known.has(`${name} ${keyId}`))
  return unknown.length > 0 && unknown.every(({ name }) => notes.includes(JSON.stringify(name))) && rebuild(formatNote({ text, signatures: rest })) === textOf(good)
}

const optionsFor = (name: string): BundleOptions => (name === 'page' ? withClaims : options)
const same = (a: Uint8Array, b: Uint8Array): boolean => Buffer.compare(a, b) === 0

describe('what is covered', () => {
  it.each(Object.keys(GOOD))('an untouched %s is confirmed', (name) => {
    const report = verifyBytes(GOOD[name] as Uint8Array, optionsFor(name))
    expect(report.steps.filter(({ ok, advisory }) => ok !== true && !advisory)).toEqual([])
    expect(report.ok).toBe(true)
  })

  it('is covered to the last byte: of 10,000 random mutations none is confirmed', async () => {
    const random = chance('mutations')
    const names = Object.keys(GOOD)
    const kinds = Object.keys(MUTATIONS)
    const tried = new Map<string, number>()
    const accepted: string[] = []
    for (let count = 0; count < 10_000; ) {
      const name = any(names, random)
      const kind = any(kinds, random)
      const good = GOOD[name] as Uint8Array
      let mutant: Uint8Array | undefined
      try {
        mutant = await MUTATIONS[kind]?.(good, random)
      } catch {
        continue // the mutation itself found nothing to write
      }
      if (!mutant || same(mutant, good)) continue
      count++
      tried.set(kind, (tried.get(kind) ?? 0) + 1)
      const report = verifyBytes(mutant, optionsFor(name))
      if (report.ok && !onlyReportedLines(mutant, good, report.notes.join('\n'))) accepted.push(`${kind}, in the ${name}`)
    }
    expect(accepted).toEqual([])
    // Each kind was really tried, not skipped.
    for (const kind of kinds) expect([kind, (tried.get(kind) ?? 0) > 100]).toEqual([kind, true])
  }, 300_000)

  it('an unknown signature line is taken, and reported', () => {
    for (const name of ['claim', 'page', 'entry', 'evidence']) {
      const bundle = JSON.parse(textOf(GOOD[name] as Uint8Array)) as { checkpoint: string }
      bundle.checkpoint += `— unknown.example ${toBase64(Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8))}\n`
      const report = verifyBundle(canonicalBytes(bundle), optionsFor(name))
      expect(report.ok).toBe(true)
      expect(report.notes.join('\n')).toContain('unknown.example')
    }
  })

  it('an unknown signature line is reported to a reader without a witness policy too', () => {
    const bundle = JSON.parse(textOf(GOOD['claim'] as Uint8Array)) as { checkpoint: string }
    bundle.checkpoint += `— unknown.example ${toBase64(Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8))}\n`
    const report = verifyBundle(canonicalBytes(bundle), { at, vkey: log.vkey })
    expect(report.steps.find(({ name }) => name === 'witnesses')?.detail).toContain('unknown.example')
  })

  it('readers agree on what a good bundle is: it reads back to the same bytes', () => {
    for (const name of ['claim', 'page', 'entry', 'evidence']) expect(canonicalJson(readBundle(GOOD[name] as Uint8Array))).toBe(textOf(GOOD[name] as Uint8Array))
  })
})

