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
  const names = rowsOf(items)
  const pointed = at === undefined ? items.at(-1) : items[at]
  const width = items.length * 8
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
        {names.map((name) => (
          <Row key={name ?? ''} name={name} items={items} width={width} at={at} onPoint={setAt} />
        ))}
        <p className="tick-foot"><span>{first && exactly(first.observedAt ?? first.until).replace(/, .*/, '')}</span><span>{cadenceSeconds !== null && every(cadenceSeconds)}</span><span>{last && exactly(last.observedAt ?? last.until).replace(/, .*/, '')}</span></p>
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

const HEIGHT = 22

function Row({ name, items, width, at, onPoint }: { name: string | undefined; items: readonly SlotRecord[]; width: number; at: number | undefined; onPoint: (at: number) => void }) {
  return (
    <>
      <span className="name" title={name}>{name ?? 'all targets'}</span>
      <svg
        className="ticks"
        viewBox={`0 0 ${Math.max(width, 8 * 40)} ${HEIGHT}`}
        preserveAspectRatio="xMinYMid meet"
        aria-hidden="true"
        onPointerMove={(event) => {
          const box = event.currentTarget.getBoundingClientRect()
          const index = Math.floor(((event.clientX - box.left) / box.width) * (Math.max(width, 8 * 40) / 8))
          if (index >= 0 && index < items.length) onPoint(index)
        }}
      >
        {items.map((slot, index) => {
          const verdict = verdictOf(slot, name)
          const x = index * 8 + 1.5
          return (
            <g key={`${slot.slot} ${slot.until}`}>
              {at === index && <rect className="pointed" x={index * 8} y="0" width="8" height={HEIGHT} />}
              {verdict === 'fails' ? <rect className="fails" x={x} y="1" width="5" height="20" rx="1" /> : verdict === 'holds' ? <rect className="holds" x={x} y="5" width="5" height="12" rx="1" /> : <rect className={verdict} x={x + 0.6} y="6" width="3.8" height="10" rx="1" />}
            </g>
          )
        })}
      </svg>
    </>
  )
}

const MOST_ROWS = 24

/** Targets by name, in order; without any that may be seen, one row for all. */
function rowsOf(items: readonly SlotRecord[]): (string | undefined)[] {
  const names = [...new Set(items.flatMap((slot) => slot.targets?.map(({ target }) => target) ?? []))].sort()
  return names.length < 2 ? [names[0]] : names.slice(0, MOST_ROWS)
}

function verdictOf(slot: SlotRecord, name: string | undefined): Said {
  if (slot.verdict === undefined || slot.verdict === 'not-run') return 'not-run'
  if (name === undefined) return slot.verdict
  return slot.targets?.find((target) => target.target === name)?.verdict ?? 'not-run'
}

const sentence = (slot: SlotRecord): string => `${slot.verdict === undefined ? 'not shown' : VERDICT_WORDS[slot.verdict]}, ${exactly(slot.observedAt ?? slot.until)}${slot.summary === undefined ? '' : `: ${slot.summary}`}`
