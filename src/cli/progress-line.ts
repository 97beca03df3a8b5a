/** Where the line is written: standard error, which is a terminal or is not. One that cannot be asked has no columns. */
interface Screen {
  readonly isTTY?: boolean
  readonly columns?: number
  write(text: string): unknown
}

/** One line on a terminal that says how far something is, written over again and again; nowhere else is it written. */
export class ProgressLine {
  readonly #stream: Screen
  #shown = false

  constructor(stream: Screen = process.stderr) {
    this.#stream = stream
  }

  show(text: string): void {
    if (this.#stream.isTTY !== true) return
    this.#stream.write(`\r\x1b[2K${text.slice(0, Math.max(20, (this.#stream.columns ?? 0) - 1))}`)
    this.#shown = true
  }

  /** Takes the line away, so that what comes next begins where it stood. */
  clear(): void {
    if (this.#shown) this.#stream.write('\r\x1b[2K')
    this.#shown = false
  }
}
