import { type ReactNode, useEffect, useRef } from 'react'
import uPlot from 'uplot'
import 'uplot/dist/uPlot.min.css'

export interface PlotSeries {
  title: string
  /** Name of a colour of the page: `accent`. */
  colour: string
  values: readonly (number | null)[]
}

export interface PlotProps {
  title: string
  /** Seconds since 1970, ascending. */
  at: readonly number[]
  /** From the bottom up: they are drawn on top of one another. */
  series: readonly PlotSeries[]
  kind: 'area' | 'bars'
  /** The least that the axis spans, in seconds, back from its end. */
  span?: number
  /** Steps of the axis that may be named. */
  steps: readonly number[]
  /** How a place on the axis is called. */
  nameOf: (seconds: number) => string
  /** Beside the plot, for whoever reads figures. */
  children?: ReactNode
}

const HEIGHT = 150

/** A plot over time with its table. It is drawn anew when the colours or the width change, and never moves by itself. */
export function Plot({ title, at, series, kind, span = 0, steps, nameOf, children }: PlotProps) {
  const place = useRef<HTMLDivElement>(null)
  useEffect(() => {
    const box = place.current
    if (box === null) return
    let plot: uPlot | undefined
    const draw = (): void => {
      plot?.destroy()
      plot = new uPlot(optionsOf(box, { at, series, kind, span, steps, nameOf }), dataOf(at, series) as uPlot.AlignedData, box)
    }
    const sized = new ResizeObserver(() => (plot === undefined ? draw() : plot.setSize({ width: box.clientWidth, height: HEIGHT })))
    sized.observe(box)
    const dark = matchMedia('(prefers-color-scheme: dark)')
    const chosen = new MutationObserver(draw)
    chosen.observe(document.documentElement, { attributes: true, attributeFilter: ['data-scheme'] })
    dark.addEventListener('change', draw)
    return () => {
      sized.disconnect()
      chosen.disconnect()
      dark.removeEventListener('change', draw)
      plot?.destroy()
    }
  }, [at, series, kind, span, steps, nameOf])
  return (
    <figure className="plot">
      <div ref={place} className="plot-place" aria-hidden="true" />
      <p className="legend">{series.map((one) => <span key={one.title}><span className={`swatch ${one.colour}`} aria-hidden="true" />{one.title}</span>)}</p>
      {children}
      <details className="as-table">
        <summary>{title}, as a table</summary>
        <div className="grid-scroll">
          <table className="list">
            <caption className="hidden">{title}</caption>
            <thead><tr><th scope="col">When</th>{series.map((one) => <th key={one.title} scope="col" className="number">{one.title}</th>)}</tr></thead>
            <tbody>{at.map((seconds, index) => <tr key={seconds}><td className="main-cell">{nameOf(seconds)}</td>{series.map((one) => <td key={one.title} className="number" data-label={one.title}>{one.values[index] ?? '–'}</td>)}</tr>).toReversed()}</tbody>
          </table>
        </div>
      </details>
    </figure>
  )
}

/** uPlot draws each series from the ground: what lies on another is drawn first, as tall as all below it. */
function dataOf(at: readonly number[], series: readonly PlotSeries[]): (readonly (number | null)[])[] {
  const stacked = series.map((_, top) => at.map((_when, index) => series.slice(0, top + 1).reduce((sum, one) => sum + (one.values[index] ?? 0), 0)))
  return [at, ...stacked.toReversed()]
}

function optionsOf(box: HTMLElement, { at, series, kind, span, steps, nameOf }: Required<Omit<PlotProps, 'title' | 'children'>>): uPlot.Options {
  const style = getComputedStyle(box)
  // A canvas knows no light-dark(): the colour is asked of something that has it.
  const probe = document.createElement('span')
  box.append(probe)
  const colour = (name: string): string => {
    probe.style.color = `var(--${name})`
    return getComputedStyle(probe).color
  }
  const [soft, rule] = [colour('soft'), colour('rule')]
  const drawn = series.map((one): uPlot.Series => ({ label: one.title, stroke: colour(one.colour), fill: colour(one.colour), width: 0, points: { show: false }, ...(kind === 'bars' ? { paths: uPlot.paths.bars!({ size: [0.6, 40] }) } : { paths: uPlot.paths.stepped!({ align: 1 }) }) })).toReversed()
  probe.remove()
  const font = `11px ${style.fontFamily}`
  return {
    width: box.clientWidth,
    height: HEIGHT,
    legend: { show: false },
    cursor: { show: false },
    scales: { x: { time: false, range: rangeOf(at, kind, span) }, y: { range: (_plot, _low, high) => [0, Math.max(1, high)] } },
    axes: [
      { stroke: soft, font, grid: { show: false }, ticks: { show: false }, values: (_plot, places) => places.map(nameOf), incrs: [...steps], space: 70, size: 26 },
      { stroke: soft, font, grid: { stroke: rule, width: 1 }, ticks: { show: false }, size: 34, incrs: [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000] },
    ],
    series: [{}, ...drawn],
  }
}

/** Bars need room for half of one at either end. */
function rangeOf(at: readonly number[], kind: PlotProps['kind'], span: number): [number, number] {
  const [from = 0, to = 1] = [at[0], at.at(-1)]
  const room = kind === 'bars' && at.length > 1 ? (to - from) / (at.length - 1) / 2 : 0
  return [Math.min(from, to - span) - room, to + room]
}
