/** How many of `full` rounds a trial runs: all, or the share that SOAK_SCALE names, at least one. */
export function rounds(full: number): number {
  const scale = Number(process.env['SOAK_SCALE'] ?? '1')
  if (!(scale > 0)) throw new Error(`SOAK_SCALE is "${process.env['SOAK_SCALE']}", which is no positive number`)
  return Math.max(1, Math.round(full * scale))
}
