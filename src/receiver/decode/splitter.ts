// Cuts the bytes of an object into events and bad stretches.
//
// The usual object has one event per line: a line that begins with `{` is found by its line break and given to
// JSON.parse, and nothing else touches its bytes. Whatever that does not explain is followed by the strict scanner
// (see json-scanner.ts) from the same position: a pretty-printed document, several objects on a line, a line longer than
// the limit. If the scanner finds an error the *line* is bad, alone, and decoding resumes behind its line break. A line
// that is an event by itself is never taken as a part of a document begun above it: that document is a torn line.
//
// Arrays and wrappers are not values but containers: their elements are events of their own, and separators are taken
// wherever they stand, so that an error costs one line and not the order of the rest. A container that is still open at
// the end is reported: the object may be incomplete.
//
// All decisions depend on the bytes alone, not on how they arrive. Work is linear, whatever the bytes: a whole-line
// parse is tried once per line; a scan that fails leaves the positions of the objects open at that moment, which would
// fail at the same byte and are not tried again; every other object it passed is complete, and accepted when its turn comes.
// Memory is bounded by the limit on lines: beyond it, bytes are hashed and dropped.

import type { DecodedItem } from '../../domain/event.ts'
import type { Cutter } from './cutter.ts'
import { Debris, type Skim } from './debris.ts'
import { type BadBytes, valueItem } from './items.ts'
import { Nesting } from './nesting.ts'
import { Pursuit } from './pursuit.ts'
import { isWrapper, parsed } from './shape.ts'
import { foreignEncoding } from './signature.ts'
import { Window } from './window.ts'

const again = 'again'
const more = 'more'
type Step = DecodedItem | typeof again | typeof more

const noEvent = 'not JSON: neither { nor [ where an event should begin'
const cutShort = 'cut short: the JSON that begins here does not end as it should'

export class Splitter implements Cutter {
  readonly #lineBytes: number
  readonly #tooLong: string
  readonly #window = new Window()
  readonly #debris: Debris
  readonly #nesting = new Nesting()
  /** Where the last item ended. */
  #mark = 0
  #opened = false
  #ended = false
  #broken: string | undefined
  #finished = false
  #attempt: Pursuit | undefined
  #skim: Skim | undefined
  /** Lines that begin before this position have been tried as a whole. */
  #lineTried = 0
  /** Where objects begin that cannot be complete. */
  #hopeless: ReadonlySet<number> = new Set()

  constructor({ lineBytes, singles }: { readonly lineBytes: number; readonly singles: number }) {
    this.#lineBytes = lineBytes
    this.#debris = new Debris(this.#window, singles)
    this.#tooLong = `longer than the limit of ${lineBytes} bytes`
  }

  /** Whether the last byte has arrived, and was meant to be the last. */
  get #isWhole(): boolean {
    return this.#ended && this.#broken === undefined
  }

  /** After the last item: the object's length. */
  get length(): number {
    return Math.max(this.#mark, this.#window.end)
  }

  push(piece: Uint8Array): void {
    this.#debris.gather()
    this.#window.append(piece)
  }

  /** No more bytes will come. With a reason if the object did not end but broke: what is unfinished is then bad. */
  end(broken?: string): void {
    this.#ended = true
    this.#broken = broken
  }

  /** The next item; undefined if it takes more bytes, or, after `end`, if there is none. */
  take(): DecodedItem | undefined {
    let step: Step = again
    while (step === again && !this.#finished) step = this.#step()
    return typeof step === 'string' ? undefined : step
  }

  #step(): Step {
    if (this.#skim !== undefined) return this.#skimOn(this.#skim)
    if (this.#attempt !== undefined) return this.#attemptOn(this.#attempt)
    if (!this.#opened) return this.#open()
    const { wrapper } = this.#nesting
    if (wrapper !== undefined) return this.#wrapperOn(wrapper)
    const byte = this.#window.passSeparators()
    if (byte !== undefined) return this.#begin(byte)
    return this.#ended ? this.#close() : more
  }

  /** Looks once at the first bytes. */
  #open(): Step {
    if (this.#window.end < 4 && !this.#ended) return more
    this.#opened = true
    const reason = foreignEncoding(this.#window.view(0, Math.min(4, this.#window.end)))
    return reason === undefined ? again : this.#startSkim('end', reason)
  }

  #begin(byte: number): Step {
    const { at, line } = this.#window
    const inStream = this.#nesting.depth === 0
    if (byte === 0x7b) return inStream && at >= this.#lineTried ? this.#wholeLine() : this.#startAttempt()
    if (byte === 0x5b && this.#nesting.hasRoomFor(1)) return this.#enter(line, at + 1)
    if (byte === 0x5d && !inStream) return this.#leave(at + 1)
    if (byte === 0) return this.#startSkim('nul', 'NUL bytes where an event should begin: a hole in the file')
    if (byte === 0xef) return this.#byteOrderMark()
    return inStream ? this.#startSkim('line', noEvent) : this.#startAttempt()
  }

  #enter(line: number, at: number, wrapper?: Pursuit): Step {
    this.#nesting.enter(line, wrapper)
    this.#window.advance(at)
    return again
  }

  #leave(at: number): Step {
    this.#window.advance(at)
    this.#nesting.leave()
    this.#nesting.wrapper?.resume()
    return again
  }

  /** UTF-8's mark, at the beginning or where files were joined. */
  #byteOrderMark(): Step {
    const isMark = this.#window.isByteOrderMark(this.#ended)
    if (isMark === undefined) return more
    if (!isMark) return this.#startSkim('line', noEvent)
    this.#window.advance(this.#window.at + 3)
    return again
  }

  /** The fast path: an object on a line of its own. */
  #wholeLine(): Step {
    const window = this.#window
    const lineBreak = window.lineBreak()
    const lineEnd = lineBreak === -1 ? window.end : lineBreak
    if (lineEnd - window.at > this.#lineBytes) return this.#startAttempt()
    if (lineBreak === -1 && !this.#ended) return more
    if (lineBreak === -1 && this.#broken !== undefined) return this.#giveUp(this.#debris.here)
    const end = window.trimmed(lineEnd)
    if (window.view(window.at, end).at(-1) === 0x7d) {
      const text = window.text(end)
      const value = parsed(text)
      if (value !== undefined && !isWrapper(value)) return this.#value(end, text, value)
    }
    this.#lineTried = lineEnd
    return this.#startAttempt()
  }

  #value(end: number, text: string, value: unknown): Step {
    const { at, line } = this.#window
    const item = valueItem({ from: this.#mark, to: end, offset: at, line }, this.#window.view(at, end), text, value)
    if (item.bad !== undefined) return this.#startSkim(end, item.bad.reason)
    // What is open ends here; then this is looked at again.
    if (this.#debris.isOpen) return this.#release()
    this.#window.advance(end)
    this.#mark = end
    return item
  }

  /** The bad stretches in a row that end here. */
  #release(): Step {
    const item = this.#debris.close(this.#mark, this.#window.at)
    this.#mark = this.#window.at
    return item ?? again
  }

  #startAttempt(): Step {
    if (this.#hopeless.has(this.#window.at)) return this.#tear(cutShort)
    this.#attempt = new Pursuit(this.#window, this.#lineBytes, this.#nesting.hasRoomFor(2))
    return again
  }

  #attemptOn(attempt: Pursuit): Step {
    const { at, end } = this.#window
    const isLong = end - at > this.#lineBytes
    const verdict = attempt.run(isLong ? at + this.#lineBytes : end, this.#isWhole && !isLong)
    if (verdict === 'done') return this.#accept(attempt.at)
    if (verdict === 'wrapper') return this.#enterWrapper(attempt)
    if (verdict === 'error') return this.#fail(attempt)
    if (isLong) return this.#startSkim(attempt, this.#tooLong)
    if (!this.#ended) return more
    if (this.#broken !== undefined) return this.#giveUp(this.#debris.here)
    if (attempt.finish()) return this.#accept(attempt.at)
    return this.#giveUp(this.#debris.here, 'the object ends before this JSON does')
  }

  #accept(end: number): Step {
    const text = this.#window.text(end)
    this.#attempt = undefined
    // It does parse: the scanner is as strict as JSON.parse. Were it not, this would be a bad stretch.
    return this.#value(end, text, parsed(text) ?? null)
  }

  #enterWrapper(wrapper: Pursuit): Step {
    this.#attempt = undefined
    this.#enter(this.#window.line, wrapper.at, wrapper)
    return this.#enter(this.#window.line, wrapper.at)
  }

  #fail(attempt: Pursuit): Step {
    this.#hopeless = new Set(attempt.openPositions)
    if (attempt.problem === undefined) return this.#tear(cutShort)
    return this.#tear(`not JSON: ${attempt.problem} at byte ${attempt.at - this.#window.at} of it`)
  }

  /** This line is bad, and with it the containers that were opened on it. */
  #tear(reason: string): Step {
    this.#nesting.tear(this.#window.line)
    return this.#startSkim('line', reason)
  }

  /** Behind an array of a wrapper: passes over the other members. */
  #wrapperOn(wrapper: Pursuit): Step {
    const window = this.#window
    const verdict = wrapper.run(window.end, this.#isWhole)
    if (verdict === 'more' && this.#ended) return this.#close()
    this.#window.advance(wrapper.settled(verdict))
    if (verdict === 'more') return more
    if (verdict === 'wrapper') return this.#enter(window.line, wrapper.at)
    this.#nesting.leave()
    return verdict === 'done'
      ? again
      : this.#startSkim('line', 'the wrapper around the events is not closed as it should')
  }

  #startSkim(until: Skim['until'], reason: string): Step {
    this.#attempt = undefined
    this.#skim = { bad: this.#debris.here, until, reason }
    return again
  }

  #skimOn(skim: Skim): Step {
    const { bad, until, reason } = skim
    if (until instanceof Pursuit) return this.#skimDocument(skim, until)
    const found = this.#window.find(until)
    this.#eat(bad, found === -1 ? this.#window.end : found)
    if (found === -1 && !this.#ended) return more
    if (found === -1 && this.#broken !== undefined) return this.#giveUp(bad)
    const isLong = until === 'line' && bad.length > this.#lineBytes && !this.#debris.isOpen
    return this.#finish(bad, isLong ? this.#tooLong : reason)
  }

  /** A value longer than the limit: bad up to its end, or up to where it turns out to be none. */
  #skimDocument({ bad, reason }: Skim, document: Pursuit): Step {
    const verdict = document.run(this.#window.end, this.#isWhole)
    if (verdict === 'more' && this.#ended) return this.#giveUp(bad, reason)
    this.#eat(bad, document.settled(verdict))
    if (verdict === 'more') return more
    if (verdict === 'wrapper') this.#enterWrapper(document)
    if (verdict !== 'error' || this.#window.at < document.at) return this.#finish(bad, reason)
    this.#skim = { bad, until: 'line', reason }
    return again
  }

  #eat(bad: BadBytes, end: number): void {
    if (!this.#debris.isOpen) bad.add(this.#window.view(this.#window.at, end))
    this.#window.advance(end)
  }

  /** The bad stretch ends here. At the end of the object one of no bytes still needs one to stand on. */
  #finish(bad: BadBytes, reason: string): Step {
    this.#skim = undefined
    this.#debris.gather()
    if (!this.#finished && this.#debris.holds(bad, reason)) return again
    const to = this.#finished ? Math.max(this.#window.end, this.#mark + 1) : this.#window.at
    const item = bad.item(this.#mark, to, reason)
    this.#mark = to
    return item
  }

  /** All is read. An open container, or a body that broke, is one more bad stretch. */
  #close(): Step {
    const isComplete = this.#isWhole && this.#nesting.depth === 0
    if (isComplete && this.#debris.isOpen) return this.#release()
    this.#finished = isComplete
    return this.#finished
      ? again
      : this.#giveUp(this.#debris.here, 'the object ends before its array or wrapper is closed')
  }

  #giveUp(bad: BadBytes, reason = ''): Step {
    this.#finished = true
    this.#eat(bad, this.#window.end)
    return this.#finish(bad, this.#broken ?? reason)
  }
}
