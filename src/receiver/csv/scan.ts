// One row, read byte by byte. Rows are not lines: a quoted cell may hold line breaks. Two dialects are read: a quote
// within a quoted cell is doubled, as RFC 4180 has it, or stands behind a backslash, as databases write it. Neither is
// known beforehand, and a text that is well formed in one is mostly broken in the other; who calls tries both.
//
// `csv-parse` was rejected here: it has no byte positions where bytes are no UTF-8, one broken quote takes the rest of the
// file with it, and it knows one dialect at a time. Tests compare the two wherever csv-parse has an answer.

export type Dialect = 'doubled' | 'backslash'

/** How a file separates cells and rows: bytes. */
export interface Marks {
  readonly delimiter: number
  readonly newline: number
}

export type Scan =
  /** `at` is where it ends: the line break, or the end. */
  | { readonly kind: 'row'; readonly cells: readonly string[]; readonly at: number }
  /** It goes on behind the given bytes. */
  | { readonly kind: 'more' }
  | { readonly kind: 'broken'; readonly reason: string; readonly at: number }

const quote = 0x22
const backslash = 0x5c
const carriageReturn = 0x0d
const space = 0x20
const tab = 0x09

/**
 * Reads the row that begins at `from`. `to` is the end of the bytes that have arrived; with `isLast` none will follow,
 * so that the row may end there.
 */
export function scanRow(
  bytes: Buffer,
  from: number,
  to: number,
  isLast: boolean,
  marks: Marks,
  dialect: Dialect,
): Scan {
  return new Row(bytes, to, isLast, marks, dialect).read(from)
}

/** What stopped a cell: a separator, the row's end, or something that ends the reading. */
type Stop = 'cell' | 'row' | 'more' | 'broken'

class Row {
  readonly #bytes: Buffer
  readonly #to: number
  readonly #isLast: boolean
  readonly #marks: Marks
  readonly #dialect: Dialect
  readonly #cells: string[] = []
  #at = 0
  #reason = ''

  constructor(bytes: Buffer, to: number, isLast: boolean, marks: Marks, dialect: Dialect) {
    this.#bytes = bytes
    this.#to = to
    this.#isLast = isLast
    this.#marks = marks
    this.#dialect = dialect
  }

  read(from: number): Scan {
    this.#at = from
    for (;;) {
      const stop = this.#cell()
      if (stop === 'cell') this.#at += 1
      else if (stop === 'row') return { kind: 'row', cells: this.#cells, at: this.#at }
      else if (stop === 'more') return { kind: 'more' }
      else return { kind: 'broken', reason: this.#reason, at: this.#at }
    }
  }

  #cell(): Stop {
    const start = this.#passBlanks(this.#at)
    if (start >= this.#to && !this.#isLast) return 'more'
    return this.#bytes[start] === quote && start < this.#to ? this.#quoted(start + 1) : this.#bare()
  }

  #passBlanks(from: number): number {
    let at = from
    while (at < this.#to && this.#isBlank(this.#bytes[at])) at += 1
    return at
  }

  #isBlank(byte: number | undefined): boolean {
    return (byte === space || byte === tab) && byte !== this.#marks.delimiter
  }

  /** Everything up to the next separator, quotes included. */
  #bare(): Stop {
    const { delimiter, newline } = this.#marks
    const start = this.#at
    let at = start
    while (at < this.#to && this.#bytes[at] !== delimiter && this.#bytes[at] !== newline) at += 1
    if (at >= this.#to && !this.#isLast) return 'more'
    this.#at = at
    const isCell = at < this.#to && this.#bytes[at] === delimiter
    const end = !isCell && at > start && this.#bytes[at - 1] === carriageReturn ? at - 1 : at
    this.#cells.push(this.#bytes.toString('utf8', start, end))
    return isCell ? 'cell' : 'row'
  }

  #quoted(start: number): Stop {
    let from = start
    for (;;) {
      const at = this.#bytes.indexOf(quote, from)
      if (at === -1 || at >= this.#to) return this.#unclosed(start - 1)
      if (this.#dialect === 'backslash' && this.#isEscaped(start, at)) from = at + 1
      else if (this.#dialect === 'doubled' && at + 1 < this.#to && this.#bytes[at + 1] === quote) from = at + 2
      else return this.#closed(start, at)
    }
  }

  #unclosed(at: number): Stop {
    if (!this.#isLast) return 'more'
    return this.#broken(at, 'a quoted cell is not closed')
  }

  /** Whether an odd number of backslashes stands before it. */
  #isEscaped(start: number, at: number): boolean {
    let before = at
    while (before > start && this.#bytes[before - 1] === backslash) before -= 1
    return (at - before) % 2 === 1
  }

  /** Behind the quote that closes a cell come blanks at most, and then a separator. */
  #closed(start: number, end: number): Stop {
    const { delimiter, newline } = this.#marks
    let at = this.#passBlanks(end + 1)
    if (this.#bytes[at] === carriageReturn && newline !== carriageReturn && this.#isLineEnd(at + 1)) at += 1
    if (at >= this.#to && !this.#isLast) return 'more'
    const isCell = at < this.#to && this.#bytes[at] === delimiter
    if (at < this.#to && !isCell && this.#bytes[at] !== newline) {
      return this.#broken(at, 'text behind the quote that closes a cell')
    }
    this.#cells.push(this.#unescaped(this.#bytes.toString('utf8', start, end)))
    this.#at = at
    return isCell ? 'cell' : 'row'
  }

  #isLineEnd(at: number): boolean {
    return at >= this.#to || this.#bytes[at] === this.#marks.newline
  }

  /** What stands behind a backslash is left to who knows what the cell is: JSON has backslashes of its own. */
  #unescaped(text: string): string {
    return this.#dialect === 'doubled' && text.includes('""') ? text.replaceAll('""', '"') : text
  }

  #broken(at: number, reason: string): Stop {
    this.#at = at
    this.#reason = reason
    return 'broken'
  }
}
