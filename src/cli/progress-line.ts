/** One line on a terminal that says how far something is, written over again and again; nowhere else is it written. */
export class ProgressLine {
  readonly #stream: NodeJS.WriteStream
  #shown = false

  constructor(stream: NodeJS.WriteStream = process.stderr) {
    this.#stream = stream
  }

  show(text: string): void {
    if (this.#stream.isTTY !== true) return
    this.#stream.write(`\r\x1b[2K${text.slice(0, Math.max(20, this.#stream.columns - 1))}`)
    this.#shown = true
  }

  /** Takes the line away, so that what comes next begins where it stood. */
  clear(): void {
    if (this.#shown) this.#stream.write('\r\x1b[2K')
    this.#shown = false
  }
}
