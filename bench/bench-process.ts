// One measurement in a process of its own: `node --conditions=source bench/bench-process.ts NAME`.
import { print, type Bench } from './bench.ts'

const name = process.argv[2] ?? ''
const { bench } = (await import(new URL(`./${name}.ts`, import.meta.url).href)) as { bench: Bench }
await bench.run(print)
