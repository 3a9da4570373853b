/** What every measurement of this folder is, and how one of them is run: `node --conditions=source bench/bench.ts NAME`. */

/** One thing measured. */
export interface Line {
  /** What was measured and how much it was. */
  figure: string
  aim: string
  /** What a user would pick instead and how it fared in the same run, or that it is absent. */
  peers: string
}

export interface Bench {
  name: string
  /** Measures; tells each line as soon as it is known. */
  run(tell: (line: Line) => void): Promise<void>
}

export const percentile = (sorted: readonly number[], p: number): number => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * p))] ?? Number.NaN
export const median = (values: readonly number[]): number => percentile(values.toSorted((a, b) => a - b), 0.5)
export const ms = (value: number): string => `${value < 100 ? value.toFixed(1) : Math.round(value).toLocaleString('en-GB')} ms`
export const perSecond = (value: number): string => `${Math.round(value).toLocaleString('en-GB')}/s`

export function print({ figure, aim, peers }: Line): void {
  console.log(`  ${figure}\n      aim    ${aim}\n      peers  ${peers}`)
}
