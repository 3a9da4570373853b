/**
 * The log, measured: append (durable, 1, 64 and 1,000 writers), receipt latency, audit of 1,000,000 entries.
 * The peer, Tessera on POSIX files with its own fsck, is built from the Go module proxy into a temporary folder where
 * `go` is present; nothing of it is kept here.
 */
import { execFile, execFileSync } from 'node:child_process'
import { createPrivateKey, createPublicKey, generateKeyPairSync, randomBytes, sign } from 'node:crypto'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import { encodeLeaf, formatNote, formatVkey, signCheckpoint, tilePath, toHex, type Signer } from '@vouchsafe/verify'
import { systemClock } from '#core/clock'
import { startTemporaryServer, type PendingLeaf } from '#core/database'
import { Edge, folderGuard, folderSource, fsck, Log, logKeyOf, logMigrations, newOrganisationId, newOrigin, objectsOf } from '#core/log'
import { FolderObjects } from '#core/objects'
import { ms, percentile, perSecond, type Bench, type Line } from './bench.ts'

const FSCK_ENTRIES = 1_000_000
/** Seconds of appending for each number of writers, after a second to warm up. */
const SECONDS = 6
const WRITERS = [1, 64, 1000]

function newSigner(): Signer {
  const privateKey = createPrivateKey(generateKeyPairSync('ed25519').privateKey.export({ format: 'pem', type: 'pkcs8' }))
  return { publicKey: createPublicKey(privateKey).export({ format: 'der', type: 'spki' }).subarray(-32), sign: async (message) => sign(null, message, privateKey) }
}
function newLeaf(): PendingLeaf {
  const id = randomBytes(16)
  return { id: toHex(id).replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5'), class: 2, leaf: encodeLeaf({ class: 'private', id, commitment: randomBytes(32) }) }
}

export const bench: Bench = {
  name: 'log',
  async run(tell) {
    const folder = await mkdtemp(path.join(tmpdir(), 'vouchsafe-bench-log-'))
    try {
      const tessera = await buildTessera(path.join(folder, 'tessera'))
      await append(folder, tessera, tell)
      await audit(folder, tessera, tell)
    } finally {
      await rm(folder, { recursive: true, force: true })
    }
  },
}

/** Every writer hands in a leaf, waits until a signed checkpoint covers it, and hands in the next. */
async function append(folder: string, tessera: Peer, tell: (line: Line) => void): Promise<void> {
  const server = await startTemporaryServer({ durable: true })
  try {
    for (const writers of WRITERS) {
      const database = await server.createDatabase({ migrations: [logMigrations] })
      const own = path.join(folder, `ours-${writers}`)
      await mkdir(own)
      const log = await Log.open({
        database,
        signer: newSigner(),
        statementSigner: newSigner(),
        objects: objectsOf(new FolderObjects(path.join(own, 'objects'))),
        guards: [folderGuard(path.join(own, 'guard'))],
        clock: systemClock,
        report: (problem) => console.error(problem),
      })
      let until = performance.now() + 1000
      let count = 0
      const writer = async (): Promise<void> => {
        while (performance.now() < until) {
          await log.append(newLeaf())
          count++
        }
      }
      await Promise.all(Array.from({ length: writers }, writer))
      count = 0
      const begun = performance.now()
      until = begun + SECONDS * 1000
      await Promise.all(Array.from({ length: writers }, writer))
      const rate = (count * 1000) / (performance.now() - begun)
      // Receipts at half of that rate, each writer at its own times: at the full rate one would measure the queue.
      const pauseMs = (writers * 2000) / rate
      const ends = performance.now() + 4000
      const latencies: number[] = []
      await Promise.all(
        Array.from({ length: writers }, async () => {
          await sleep(Math.random() * pauseMs)
          while (performance.now() < ends) {
            const leaf = newLeaf()
            const asked = performance.now()
            await log.submit(leaf)
            await log.receiptFor(leaf.leaf)
            const took = performance.now() - asked
            latencies.push(took)
            await sleep(Math.max(0, pauseMs - took))
          }
        }),
      )
      await log.stop()
      latencies.sort((a, b) => a - b)
      const peer = tessera.ready ? await tessera.append(writers, path.join(folder, `peer-${writers}`)) : undefined
      tell({
        figure: `append, durable, ${writers} writer${writers === 1 ? '' : 's'}: ${perSecond(rate)}`,
        aim: '≥ 1× Tessera POSIX',
        peers: peer === undefined ? tessera.absent : `Tessera POSIX ${perSecond(peer)} (${(rate / peer).toFixed(1)}×)`,
      })
      tell({ figure: `receipt at half that rate: p50 ${ms(percentile(latencies, 0.5))}, p99 ${ms(percentile(latencies, 0.99))}`, aim: 'p99 ≤ 50 ms', peers: 'none gives receipts' })
    }
  } finally {
    await server.stop()
  }
}

/** Grown by stated synthesis: one million private leaves of random bytes, written as tiles without fsync. */
async function audit(folder: string, tessera: Peer, tell: (line: Line) => void): Promise<void> {
  const grown = path.join(folder, 'grown')
  const origin = newOrigin(newOrganisationId(), false)
  const signer = newSigner()
  const edge = Edge.empty()
  const made = new Set<string>()
  for (let i = 0; i < FSCK_ENTRIES; i++) {
    edge.append(encodeLeaf({ class: 'private', id: randomBytes(16), commitment: randomBytes(32) }))
    if (i % 4096 !== 4095 && i !== FSCK_ENTRIES - 1) continue
    for (const { tile, bytes } of edge.take()) {
      const file = path.join(grown, tilePath(tile))
      if (!made.has(path.dirname(file))) await mkdir(path.dirname(file), { recursive: true })
      made.add(path.dirname(file))
      await writeFile(file, bytes)
    }
  }
  const checkpoint = await signCheckpoint({ origin, size: edge.size, root: edge.root(), extensions: [] }, signer)
  const vkey = formatVkey(logKeyOf(origin, signer.publicKey))
  await writeFile(path.join(grown, 'checkpoint'), formatNote(checkpoint.note))
  const begun = performance.now()
  const report = await fsck(folderSource(grown), { at: new Date(), vkey })
  const seconds = (performance.now() - begun) / 1000
  if (!report.ok) throw new Error(report.problems.join('; '))
  const peer = tessera.ready ? await tessera.fsck(grown, vkey) : undefined
  tell({
    figure: `fsck of ${report.size.toLocaleString('en-GB')} entries: ${seconds.toFixed(1)} s`,
    aim: '≤ 15 s',
    peers: peer === undefined ? tessera.absent : `Tessera fsck ${peer.toFixed(1)} s (${(peer / seconds).toFixed(1)}×)`,
  })
}

interface Peer {
  ready: boolean
  absent: string
  /** Appends a second, as `append` above does. */
  append(writers: number, folder: string): Promise<number>
  /** Seconds. */
  fsck(folder: string, vkey: string): Promise<number>
}

const TESSERA = 'v1.0.2'

/** A program of ours around the peer's library, and the peer's own fsck. */
async function buildTessera(folder: string): Promise<Peer> {
  const absent = (why: string): Peer => ({ ready: false, absent: `Tessera absent (${why})`, append: () => Promise.reject(new Error(why)), fsck: () => Promise.reject(new Error(why)) })
  try {
    execFileSync('go', ['version'], { stdio: 'ignore' })
  } catch {
    return absent('no go')
  }
  await mkdir(folder, { recursive: true })
  await writeFile(path.join(folder, 'go.mod'), `module bench\n\ngo 1.24\n\nrequire github.com/transparency-dev/tessera ${TESSERA}\n`)
  await writeFile(path.join(folder, 'main.go'), MAIN_GO)
  const run = promisify(execFile)
  const env = { ...process.env, GOFLAGS: '-mod=mod' }
  try {
    await run('go', ['mod', 'tidy'], { cwd: folder, env })
    await run('go', ['build', '-o', 'append', '.'], { cwd: folder, env })
    await run('go', ['build', '-o', 'fsck', 'github.com/transparency-dev/tessera/cmd/fsck'], { cwd: folder, env })
  } catch (error) {
    return absent(`it could not be built: ${String((error as { stderr?: string }).stderr ?? error).trim().slice(-200)}`)
  }
  return {
    ready: true,
    absent: '',
    async append(writers, at) {
      await mkdir(at, { recursive: true })
      const { stdout } = await run(path.join(folder, 'append'), [at, String(writers), String(SECONDS)])
      return Number(stdout.trim())
    },
    async fsck(at, vkey) {
      await writeFile(path.join(folder, 'key.pub'), vkey)
      const begun = performance.now()
      await run(path.join(folder, 'fsck'), ['-N', '2', '--ui=false', '--storage_url', `file://${at}/`, '--public_key', path.join(folder, 'key.pub'), '--origin', vkey.slice(0, vkey.indexOf('+'))], { maxBuffer: 64 * 1024 * 1024 })
      return (performance.now() - begun) / 1000
    },
  }
}

const MAIN_GO = `package main

import (
	"context"
	"crypto/rand"
	"fmt"
	"os"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/transparency-dev/tessera"
	"github.com/transparency-dev/tessera/storage/posix"
	"golang.org/x/mod/sumdb/note"
)

func main() {
	ctx := context.Background()
	writers, _ := strconv.Atoi(os.Args[2])
	seconds, _ := strconv.Atoi(os.Args[3])
	key, _, err := note.GenerateKey(rand.Reader, "bench.example/log")
	check(err)
	signer, err := note.NewSigner(key)
	check(err)
	driver, err := posix.New(ctx, posix.Config{Path: os.Args[1]})
	check(err)
	// Its batches close after 1 ms, so that few writers are not kept waiting by its default of 250 ms.
	appender, shutdown, _, err := tessera.NewAppender(ctx, driver, tessera.NewAppendOptions().
		WithCheckpointSigner(signer).WithCheckpointInterval(time.Second).WithBatching(1024, time.Millisecond))
	check(err)
	run := func(d time.Duration) (int64, time.Duration) {
		var count atomic.Int64
		var wg sync.WaitGroup
		begun := time.Now()
		for i := 0; i < writers; i++ {
			wg.Add(1)
			go func() {
				defer wg.Done()
				for time.Since(begun) < d {
					leaf := make([]byte, 50)
					rand.Read(leaf)
					_, err := appender.Add(ctx, tessera.NewEntry(leaf))()
					check(err)
					count.Add(1)
				}
			}()
		}
		wg.Wait()
		return count.Load(), time.Since(begun)
	}
	run(time.Second)
	count, took := run(time.Duration(seconds) * time.Second)
	fmt.Println(float64(count) / took.Seconds())
	check(shutdown(ctx))
}

func check(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
`
