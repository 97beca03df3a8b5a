// The strict scanner at work in the window, with what only the window can tell: whether a line inside the document is an
// event by itself, and how far what was scanned may be forgotten.

import { JsonScanner, type Verdict } from './json-scanner.ts'
import { isEventLine } from './shape.ts'
import type { Window } from './window.ts'

export class Pursuit {
  readonly #window: Window
  readonly #scanner: JsonScanner
  readonly #lineBytes: number

  constructor(window: Window, lineBytes: number, wrappers: boolean) {
    this.#window = window
    this.#scanner = new JsonScanner(window.at, wrappers)
    this.#lineBytes = lineBytes
  }

  /** Where the scanner stands. */
  get at(): number {
    return this.#scanner.at
  }

  get openPositions(): number[] {
    return this.#scanner.openPositions()
  }

  /** What is wrong, if it lies on the document's first line. */
  get problem(): string | undefined {
    return this.#scanner.lineBreak < 0 && this.#scanner.problem !== '' ? this.#scanner.problem : undefined
  }

  /** Goes on from the window's place: behind an array of a wrapper. */
  resume(): void {
    this.#scanner.at = this.#window.at
    this.#scanner.lineBreak = -1
  }

  /** Scans up to position `to`. An error, too, if a line inside turns out to be an event by itself. Never says `line`. */
  run(to: number, isLast: boolean): Verdict {
    for (;;) {
      const before = this.#scanner.lineBreak
      const verdict = this.#scanner.scan(this.#window.bytes, this.#window.base, to)
      if (verdict === 'line' && this.#isEvent(before, this.#scanner.lineBreak)) {
        this.#scanner.lineBreak = before
        return 'error'
      }
      if (verdict === 'more' && isLast && this.#isEvent(this.#scanner.lineBreak, to)) return 'error'
      if (verdict !== 'line') return verdict
    }
  }

  /** No more bytes will come: whether what was read is a value. */
  finish(): boolean {
    return this.#scanner.finish()
  }

  /** How far what was scanned is settled. The line the scanner stands in may yet turn out to be none of the document's. */
  settled(verdict: Verdict): number {
    if (verdict === 'done' || verdict === 'wrapper') return this.at
    const held = this.at - this.#lineBytes
    if (this.#scanner.lineBreak >= Math.max(this.#window.at, held)) return this.#scanner.lineBreak
    return verdict === 'error' ? this.at : Math.max(this.#window.at, held)
  }

  #isEvent(lineBreak: number, end: number): boolean {
    if (lineBreak < this.#window.at || end - lineBreak > this.#lineBytes) return false
    return isEventLine(this.#window.view(lineBreak + 1, end))
  }
}
