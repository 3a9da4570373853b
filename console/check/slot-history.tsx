import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { get } from '../api/client.ts'
import { exactly } from '../components/instant.ts'
import { Loaded } from '../components/record.tsx'
import { type SlotRecord, type Slots, VERDICT_WORDS, type Verdict as Said, every } from './check-record.ts'
import { Shape, Verdict } from './verdict.tsx'

const SHOWN = 120 // as many ticks as a row still shows apart from one another

/** The slots of a check: a row a target, a tick a slot, what was not run as an open one. With its table. */
export function SlotHistory({ check, claim }: { check: string; claim?: string }) {
  const slots = useQuery({ queryKey: ['/slots', check, claim], queryFn: ({ signal }) => get<Slots>('/slots', { check, claim, limit: SHOWN }, signal) })
  return <Loaded query={slots} lines={3}>{(found) => (found.items.length === 0 ? <p className="soft part-body">It has not been recorded yet. Results are recorded from the first slot after a claim rests on it.</p> : <Plot slots={found} check={check} />)}</Loaded>
}

function Plot({ slots, check }: { slots: Slots; check: string }) {
  const [at, setAt] = useState<number>()
  const { items, cadenceSeconds } = slots
  const rows = rowsOf(items)
  const pointed = at === undefined ? items.at(-1) : items[at]
  const move = (by: number): void => setAt((before) => Math.max(0, Math.min(items.length - 1, (before ?? items.length - 1) + by)))
  const [first, last] = [items[0], items.at(-1)]
  return (
    <>
      <div
        className="tick-rows"
        role="slider"
        tabIndex={0}
        aria-label={`Slots of ${check}`}
        aria-orientation="horizontal"
        aria-valuemin={0}
        aria-valuemax={items.length - 1}
        aria-valuenow={at ?? items.length - 1}
        aria-valuetext={pointed && sentence(pointed)}
        onKeyDown={(event) => {
          const by = { ArrowLeft: -1, ArrowDown: -1, ArrowRight: 1, ArrowUp: 1, PageUp: 10, PageDown: -10 }[event.key]
          if (by === undefined) return
          event.preventDefault()
          move(by)
        }}
      >
        {rows.map((row) => <Row key={row.name} row={row} items={items} at={at} onPoint={setAt} />)}
        <p className="tick-foot">{items.length} {items.length === 1 ? 'slot' : 'slots'}{cadenceSeconds !== null && `, ${every(cadenceSeconds)}`}{first && last && <>, {dayOf(first)}{dayOf(first) !== dayOf(last) && ` to ${dayOf(last)}`}</>}</p>
      </div>
      <p className="pointed-at" aria-hidden="true">{pointed && <>{pointed.verdict && <Verdict verdict={pointed.verdict} />} <span className="soft">{exactly(pointed.observedAt ?? pointed.until)}{pointed.summary !== undefined && ` · ${pointed.summary}`}</span></>}</p>
      <p className="legend">{(['holds', 'fails', 'unknown', 'not-run'] as const).map((verdict) => <span key={verdict} className={`verdict ${verdict}`}><Shape verdict={verdict} />{VERDICT_WORDS[verdict]}</span>)}</p>
      <details className="as-table">
        <summary>The same as a table</summary>
        <div className="grid-scroll">
          <table className="list">
            <caption className="hidden">Slots of {check}, newest first</caption>
            <thead><tr><th scope="col">Slot</th><th scope="col">When</th><th scope="col">Verdict</th><th scope="col" className="number">Targets</th><th scope="col">What was seen</th></tr></thead>
            <tbody>
              {items.toReversed().map((slot) => (
                <tr key={`${slot.slot} ${slot.until}`}>
                  <td className="main-cell">{slot.slot}</td>
                  <td data-label="When">{exactly(slot.observedAt ?? slot.until)}</td>
                  <td>{slot.verdict && <Verdict verdict={slot.verdict} />}</td>
                  <td className="number" data-label="Targets">{slot.covered} of {slot.declared}</td>
                  <td>{slot.summary}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      </details>
    </>
  )
}

const HEIGHT = 16
const STEP = 8

function Row({ row, items, at, onPoint }: { row: TargetRow; items: readonly SlotRecord[]; at: number | undefined; onPoint: (at: number) => void }) {
  const width = items.length * STEP
  return (
    <>
      <span className="name" title={row.targets.join('\n')}>{row.name}</span>
      <svg
        className="ticks"
        viewBox={`0 0 ${width} ${HEIGHT}`}
        width={width}
        height={HEIGHT}
        preserveAspectRatio="none"
        aria-hidden="true"
        onPointerMove={(event) => {
          const box = event.currentTarget.getBoundingClientRect()
          const index = Math.floor(((event.clientX - box.left) / box.width) * items.length)
          if (index >= 0 && index < items.length) onPoint(index)
        }}
      >
        {row.verdicts.map((verdict, index) => {
          const slot = items[index]
          const x = index * STEP + 1.5
          return (
            <g key={`${slot?.slot} ${slot?.until}`}>
              {at === index && <rect className="pointed" x={index * STEP} y="0" width={STEP} height={HEIGHT} />}
              {verdict === 'fails' ? <rect className="fails" x={x} y="0" width="5" height={HEIGHT} rx="1" /> : verdict === 'holds' ? <rect className="holds" x={x} y="3.5" width="5" height="9" rx="1" /> : <rect className={verdict} x={x + 0.6} y="4.5" width="3.8" height="7" rx="1" />}
            </g>
          )
        })}
      </svg>
    </>
  )
}

interface TargetRow {
  name: string
  targets: readonly string[]
  verdicts: readonly Said[]
}

const ALONE = 8 // so many targets each have a row, whatever they say
const MOST_ROWS = 24

/** A row a target. Where there are many, those that always said the same share one: what differs is what one looks for. */
function rowsOf(items: readonly SlotRecord[]): TargetRow[] {
  const names = [...new Set(items.flatMap((slot) => slot.targets?.map(({ target }) => target) ?? []))].sort()
  const own = items.map((slot): Said => slot.verdict ?? 'not-run')
  if (names.length < 2) return [{ name: names[0] ?? 'all targets', targets: names, verdicts: own }]
  const rows = names.map((name): TargetRow => ({ name, targets: [name], verdicts: items.map((slot) => verdictOf(slot, name)) }))
  if (rows.length <= ALONE) return rows
  const alike = [...Map.groupBy(rows, (row) => row.verdicts.join()).values()]
  return alike.map((group) => (group.length === 1 ? group[0]! : { name: `${group.length} targets alike`, targets: group.map(({ name }) => name), verdicts: group[0]!.verdicts })).slice(0, MOST_ROWS)
}

function verdictOf(slot: SlotRecord, name: string): Said {
  if (slot.verdict === undefined || slot.verdict === 'not-run') return 'not-run'
  return slot.targets?.find((target) => target.target === name)?.verdict ?? 'not-run'
}

const dayOf = (slot: SlotRecord): string => exactly(slot.observedAt ?? slot.until).replace(/, .*/, '')

const sentence = (slot: SlotRecord): string => `${slot.verdict === undefined ? 'not shown' : VERDICT_WORDS[slot.verdict]}, ${exactly(slot.observedAt ?? slot.until)}${slot.summary === undefined ? '' : `: ${slot.summary}`}`
