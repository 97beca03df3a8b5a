/** What happened, in order. Always hashed, so that two runs can be compared; kept only for those who want to read it. */
export class Trace {
  readonly #lines: string[] | undefined
  #hash = 0x811c9dc5
  #count = 0

  constructor(options: { readonly keep: boolean }) {
    this.#lines = options.keep ? [] : undefined
  }

  say(now: number, text: string): void {
    const line = `${new Date(now).toISOString().slice(5, 23)} ${text}`
    for (let i = 0; i < line.length; i += 1) this.#hash = Math.imul(this.#hash ^ line.charCodeAt(i), 0x01000193)
    this.#count += 1
    this.#lines?.push(line)
  }

  get hash(): string {
    return `${this.#count}-${(this.#hash >>> 0).toString(16).padStart(8, '0')}`
  }

  get lines(): readonly string[] {
    return this.#lines ?? []
  }
}

/** Collects broken promises: the first few are worth reading, the rest follow from them. */
export class Verdict {
  readonly broken: string[] = []

  breaks(promise: string): void {
    if (this.broken.length < 20) this.broken.push(promise)
  }
}
