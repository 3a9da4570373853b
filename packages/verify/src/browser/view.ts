import { STATE_WORDS } from '../claim/state-word.ts'
import type { Progress } from '../verification/proven.ts'
import type { Report, Step } from '../verification/report.ts'

const MARK = { true: '✓', false: '✕', unknown: '?' } as const
const WORD = { true: 'confirmed', false: 'wrong', unknown: 'not known' } as const
const VERDICT = { good: 'Confirmed.', found: 'Something is wrong.', 'could-not-tell': 'Not everything could be checked.' } as const

// Longer ones are cut: a hostile page must not bury the reader.
const MOST_CHARS = 1000

/**
 * Where a verification shows itself: a list of steps that grows as they are really taken, and what follows from them.
 * Text is only ever set as text. Classes, not styles: the page's policy allows no inline style.
 */
export class View {
  readonly #list: HTMLOListElement
  readonly #status: HTMLParagraphElement
  readonly #end: HTMLDivElement

  constructor(into: Element) {
    this.#status = element('p', 'verify-status')
    // Steps are announced as they come, each once, without taking the reader's place.
    this.#status.setAttribute('role', 'status')
    this.#list = element('ol', 'verify-steps')
    this.#list.setAttribute('aria-live', 'polite')
    this.#list.setAttribute('aria-relevant', 'additions')
    this.#end = element('div', 'verify-end')
    into.append(this.#status, this.#list, this.#end)
  }

  clear(): void {
    for (const part of [this.#status, this.#list, this.#end]) part.replaceChildren()
  }

  say(text: string): void {
    this.#status.textContent = text
  }

  heading(text: string): void {
    this.#list.append(element('li', 'verify-heading', text))
  }

  progress(event: Progress): void {
    if (event.kind === 'step') this.step(event.step)
    else this.say(`${event.name}: ${event.done} of ${event.of} …`)
  }

  step(step: Step): void {
    const key = String(step.ok) as keyof typeof MARK
    const item = element('li', `verify-step verify-${{ true: 'good', false: 'bad', unknown: 'unknown' }[key]}`)
    const mark = element('span', 'verify-mark', MARK[key])
    mark.setAttribute('aria-hidden', 'true')
    item.append(mark, element('span', 'verify-word', ` ${WORD[key]}: `), element('strong', 'verify-name', step.name), ` ${step.detail.slice(0, MOST_CHARS)}`)
    this.#list.append(item)
  }

  end(report: Pick<Report, 'outcome' | 'shows' | 'doesNotShow' | 'notes' | 'state'>): void {
    const state = report.state ? ` The statement is ${STATE_WORDS[report.state.now.state]} now.` : ''
    this.say(`${VERDICT[report.outcome]}${report.outcome === 'found' ? '' : state}`)
    this.#status.className = `verify-status verify-${{ good: 'good', found: 'bad', 'could-not-tell': 'unknown' }[report.outcome]}`
    if (report.notes.length > 0) {
      const notes = element('ul', 'verify-notes')
      for (const note of report.notes.slice(0, 20)) notes.append(element('li', '', note.slice(0, MOST_CHARS)))
      this.#end.append(notes)
    }
    this.#end.append(element('p', 'verify-shows', report.shows), element('p', 'verify-not', report.doesNotShow))
  }

  add(...nodes: readonly Node[]): void {
    this.#end.append(...nodes)
  }
}

export function element<K extends keyof HTMLElementTagNameMap>(tag: K, className = '', text?: string): HTMLElementTagNameMap[K] {
  const made = document.createElement(tag)
  if (className !== '') made.className = className
  if (text !== undefined) made.textContent = text
  return made
}

/** Lets the browser paint, and react, between two steps. */
export const breathe = (): Promise<void> => new Promise((done) => setTimeout(done, 0))
