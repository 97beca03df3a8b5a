// Cuts the bytes of a CSV file into events and bad stretches, as `decode/splitter.ts` does with JSON. A row is an event; a
// row that cannot be read costs its first line and nothing else: decoding resumes behind its line break, so that one broken
// quote does not take the rest of the file with it.
//
// A row that fails has been read in vain, perhaps to its limit of megabytes, and the next line may fail the same way. What
// has been read in vain is counted; beyond a bound only rows on a single line are tried. So work is linear, whatever the
// bytes, and it depends on the bytes alone and not on how they arrive.

import { isUtf8 } from 'node:buffer'
import type { DecodedItem } from '../../domain/event.ts'
import type { Cutter } from '../decode/cutter.ts'
import { Debris } from '../decode/debris.ts'
import { type BadBytes, valueItem } from '../decode/items.ts'
import { Window } from '../decode/window.ts'
import { type Columns, columnsOf, isHeader } from './columns.ts'
import { foreignFile, marksOf } from './file.ts'
import { type Dialect, type Marks, type Scan, scanRow } from './scan.ts'

const again = 'again'
const more = 'more'
type Step = DecodedItem | typeof again | typeof more
type RowScan = Extract<Scan, { kind: 'row' }>

/** How many times its limit a file's rows may be read in vain. */
const vainRows = 16

export const noAuditLog: string = 'no audit log: its first row names no columns of one, and is no row of one'

export class CsvSplitter implements Cutter {
  readonly #lineBytes: number
  readonly #window = new Window()
  readonly #debris: Debris
  #opened = false
  #marks: Marks | undefined
  #columns: Columns | undefined
  /** The one that read the last row. */
  #dialect: Dialect = 'doubled'
  /** Where the last item ended. */
  #mark = 0
  #ended = false
  #broken: string | undefined
  #finished = false
  #skim: { readonly bad: BadBytes; readonly until: 'line' | 'end'; readonly reason: string } | undefined
  /** No use looking at the row before this many bytes have arrived. */
  #wanted = 0
  #vain = 0

  constructor({ lineBytes, singles }: { readonly lineBytes: number; readonly singles: number }) {
    this.#lineBytes = lineBytes
    this.#debris = new Debris(this.#window, singles)
  }

  get length(): number {
    return Math.max(this.#mark, this.#window.end)
  }

  push(piece: Uint8Array): void {
    this.#debris.gather()
    this.#window.append(piece)
  }

  end(broken?: string): void {
    this.#ended = true
    this.#broken = broken
  }

  take(): DecodedItem | undefined {
    let step: Step = again
    while (step === again && !this.#finished) step = this.#step()
    return typeof step === 'string' ? undefined : step
  }

  get #isWhole(): boolean {
    return this.#ended && this.#broken === undefined
  }

  #step(): Step {
    if (this.#skim !== undefined) return this.#skimOn(this.#skim)
    if (!this.#opened) return this.#open()
    this.#passLineBreaks()
    if (this.#window.at === this.#window.end) return this.#ended ? this.#close() : more
    const isMark = this.#window.isByteOrderMark(this.#ended)
    if (isMark === undefined) return more
    if (isMark) this.#window.advance(this.#window.at + 3)
    else return this.#row()
    return again
  }

  /** Looks once at the first bytes. */
  #open(): Step {
    if (this.#window.end < 4 && !this.#ended) return more
    this.#opened = true
    const reason = foreignFile(this.#window.view(0, Math.min(4, this.#window.end)))
    return reason === undefined ? again : this.#startSkim('end', reason)
  }

  #row(): Step {
    const { at, end } = this.#window
    this.#marks ??= marksOf(this.#window.view(at, Math.min(end, at + this.#lineBytes)), this.#isFull)
    if (this.#marks === undefined) return more
    return this.#columns === undefined ? this.#readHeader(this.#marks) : this.#readRow(this.#columns, this.#marks)
  }

  #passLineBreaks(): void {
    const window = this.#window
    let at = window.at
    for (; at < window.end; at += 1) {
      const byte = window.bytes[at - window.base]
      if (byte !== 0x0a && byte !== 0x0d) break
    }
    window.advance(at)
  }

  #readHeader(marks: Marks): Step {
    const scan = this.#scan('doubled', this.#reach(marks), marks)
    if (scan.kind === 'more' && !this.#isFull) return more
    const found = scan.kind === 'row' ? columnsOf(scan.cells) : undefined
    if (found === undefined || scan.kind !== 'row') return this.#startSkim('end', noAuditLog)
    this.#columns = found.columns
    if (found.isHeader) this.#window.advance(scan.at)
    return again
  }

  /** In the dialect of the last row, then in the other one. What is not sure yet waits for more bytes. */
  #readRow(columns: Columns, marks: Marks): Step {
    const { at, end } = this.#window
    if (end < this.#wanted && !this.#ended) return more
    const to = this.#reach(marks)
    const other: Dialect = this.#dialect === 'doubled' ? 'backslash' : 'doubled'
    const failures: Scan[] = []
    for (const dialect of [this.#dialect, other]) {
      const scan = this.#scan(dialect, to, marks)
      if (scan.kind === 'more' && !this.#isFull && to === end) return this.#wait()
      const step = scan.kind === 'row' ? this.#take(scan, dialect, columns) : undefined
      if (step !== undefined) return step
      failures.push(scan)
    }
    for (const scan of failures) this.#vain += (scan.kind === 'more' ? to : scan.at) - at
    return this.#startSkim('line', this.#reasonOf(failures[0], columns))
  }

  /** Undefined if it has not as many cells as there are columns. */
  #take(scan: RowScan, dialect: Dialect, columns: Columns): Step | undefined {
    if (isHeader(scan.cells)) return this.#begin(scan)
    if (!fits(scan, columns)) return undefined
    this.#dialect = dialect
    return this.#accept(scan, columns)
  }

  /** Files were joined: what follows has the columns it says. */
  #begin({ cells, at }: RowScan): Step {
    this.#columns = columnsOf(cells)?.columns ?? this.#columns
    this.#window.advance(at)
    return again
  }

  /** Positions are the window's; bytes are indexed from its base. */
  #scan(dialect: Dialect, to: number, marks: Marks): Scan {
    const { bytes, base, at, end } = this.#window
    const isLast = this.#isWhole && to === end
    const scan = scanRow(bytes, at - base, to - base, isLast, marks, dialect)
    return scan.kind === 'more' ? scan : { ...scan, at: scan.at + base }
  }

  /** How far the row may reach. Once too much was read in vain, its first line break. */
  #reach({ newline }: Marks): number {
    const { at, end } = this.#window
    const most = Math.min(end, at + this.#lineBytes)
    if (this.#vain <= vainRows * this.#lineBytes) return most
    const found = this.#window.view(at, most).indexOf(newline)
    return found === -1 ? most : at + found + 1
  }

  /** As much of a row has arrived as is looked at. */
  get #isFull(): boolean {
    const { at, end } = this.#window
    return this.#ended || end - at >= this.#lineBytes
  }

  /** A row over many pieces is not read anew with each of them. */
  #wait(): Step {
    const { at, end } = this.#window
    this.#wanted = at + Math.min(this.#lineBytes, 2 * (end - at))
    return more
  }

  #accept({ cells, at: end }: RowScan, columns: Columns): Step {
    const { at, line } = this.#window
    const own = this.#window.view(at, end)
    const { text, value } = columns.read(cells, this.#dialect)
    if (text.includes('\uFFFD') && !isUtf8(own)) return this.#refuse(end, 'not UTF-8: some of its bytes are no text')
    const extent = { from: this.#mark, to: end, offset: at, line }
    const item = valueItem(extent, Buffer.from(text), text, value)
    // What is kept of it is what the file says, not what was made of that.
    if (item.bad !== undefined) return this.#refuse(end, item.bad.reason)
    // What is open ends here; then this is looked at again.
    if (this.#debris.isOpen) return this.#release()
    this.#window.advance(end)
    this.#mark = end
    return item
  }

  #refuse(end: number, reason: string): Step {
    const bad = this.#debris.here
    this.#eat(bad, end)
    return this.#finish(bad, reason)
  }

  #reasonOf(scan: Scan | undefined, { count }: Columns): string {
    if (scan?.kind === 'row') return `${scan.cells.length} cells, and the file has ${count} columns`
    if (scan === undefined || scan.kind === 'more') return `a quoted cell is not closed within ${this.#lineBytes} bytes`
    return `${scan.reason}, at byte ${scan.at - this.#window.at} of it`
  }

  /** The bad stretches in a row that end here. */
  #release(): Step {
    const item = this.#debris.close(this.#mark, this.#window.at)
    this.#mark = this.#window.at
    return item ?? again
  }

  #startSkim(until: 'line' | 'end', reason: string): Step {
    this.#skim = { bad: this.#debris.here, until, reason }
    return again
  }

  #skimOn({
    bad,
    until,
    reason,
  }: {
    readonly bad: BadBytes
    readonly until: 'line' | 'end'
    readonly reason: string
  }): Step {
    const found = until === 'end' ? -1 : this.#lineBreak()
    this.#eat(bad, found === -1 ? this.#window.end : found)
    if (found === -1 && !this.#ended) return more
    if (found === -1) return this.#giveUp(bad, reason)
    return this.#finish(bad, reason)
  }

  #lineBreak(): number {
    if (this.#marks?.newline !== 0x0d) return this.#window.lineBreak()
    const { at, end } = this.#window
    const found = this.#window.view(at, end).indexOf(0x0d)
    return found === -1 ? -1 : at + found
  }

  #eat(bad: BadBytes, end: number): void {
    if (!this.#debris.isOpen) bad.add(this.#window.view(this.#window.at, end))
    this.#window.advance(end)
  }

  /** The bad stretch ends here. At the end of the file one of no bytes still needs one to stand on. */
  #finish(bad: BadBytes, reason: string): Step {
    this.#skim = undefined
    this.#debris.gather()
    if (!this.#finished && this.#debris.holds(bad, reason)) return again
    const to = this.#finished ? Math.max(this.#window.end, this.#mark + 1) : this.#window.at
    const item = bad.item(this.#mark, to, reason)
    this.#mark = to
    return item
  }

  /** All is read. A body that broke is one more bad stretch. */
  #close(): Step {
    if (this.#isWhole && this.#debris.isOpen) return this.#release()
    this.#finished = this.#isWhole
    return this.#finished ? again : this.#giveUp(this.#debris.here, '')
  }

  #giveUp(bad: BadBytes, reason: string): Step {
    this.#finished = true
    this.#eat(bad, this.#window.end)
    return this.#finish(bad, this.#broken ?? reason)
  }
}

/** Cells beyond the last column must be empty: some writers end each row with a delimiter. */
function fits({ cells }: RowScan, { count }: Columns): boolean {
  return cells.length === count || (cells.length > count && cells.slice(count).every((cell) => cell === ''))
}
