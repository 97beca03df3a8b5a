// The commands of a shell script as a page shows it: words without their quotes, one list for each simple command, those
// inside `$(…)` among them. It reads what pages use: quotes, comments, `\` at the end of a line, pipes, lists and
// redirections; that a block is shell at all is bash's to say.

export type Words = readonly string[]

/** An unquoted character that ends a word, and what it ends besides. */
const ends: Readonly<Record<string, 'word' | 'command' | 'redirection'>> = {
  ' ': 'word',
  '\t': 'word',
  '\n': 'command',
  ';': 'command',
  '|': 'command',
  '&': 'command',
  '<': 'redirection',
  '>': 'redirection',
}

/** Every simple command of the script, in order, inner ones after the one they are in. */
export function commandsIn(script: string): readonly Words[] {
  const reader = new Reader(script.replaceAll(/\\\n\s*/g, ' '))
  return reader.read()
}

class Reader {
  readonly #text: string
  readonly #commands: Words[] = []
  readonly #inner: Words[] = []
  #words: string[] = []
  #word: string | undefined
  #isTarget = false

  constructor(text: string) {
    this.#text = text
  }

  read(): readonly Words[] {
    let at = 0
    while (at < this.#text.length) at = this.#step(at)
    this.#endCommand()
    return [...this.#commands, ...this.#inner]
  }

  /** Takes what stands at `at`; returns where it ends. */
  #step(at: number): number {
    const char = this.#text[at] ?? ''
    const kind = ends[char]
    if (char === '#' && this.#word === undefined) return this.#lineEnd(at)
    if (char === "'" || char === '"') return this.#quoted(at + 1, char)
    if (char === '$' && this.#text[at + 1] === '(') return this.#substituted(at)
    if (kind === undefined) this.#add(char === '\\' ? (this.#text[at + 1] ?? '') : char)
    else this.#end(kind)
    return at + (char === '\\' ? 2 : 1)
  }

  #lineEnd(at: number): number {
    const end = this.#text.indexOf('\n', at)
    return end < 0 ? this.#text.length : end
  }

  #quoted(from: number, quote: string): number {
    const end = this.#closing(from, quote)
    const text = this.#text.slice(from, end)
    this.#add(text)
    if (quote === '"') for (const inner of substitutions(text)) this.#inner.push(...commandsIn(inner))
    return end + 1
  }

  /** Where the quote ends: not inside `$(…)`, which has quotes of its own. */
  #closing(from: number, quote: string): number {
    let depth = 0
    for (let at = from; at < this.#text.length; at++) {
      if (quote === '"' && this.#text.startsWith('$(', at)) depth++
      else if (quote === '"' && this.#text[at] === ')') depth = Math.max(0, depth - 1)
      else if (quote === '"' && this.#text[at] === '\\') at++
      else if (this.#text[at] === quote && depth === 0) return at
    }
    throw new Error(`no ${quote} ends: ${this.#text.slice(from - 1, from + 40)}`)
  }

  #substituted(at: number): number {
    const end = this.#text.indexOf(')', at)
    this.#inner.push(...commandsIn(this.#text.slice(at + 2, end)))
    this.#add(this.#text.slice(at, end + 1))
    return end + 1
  }

  #add(text: string): void {
    this.#word = (this.#word ?? '') + text
  }

  #end(kind: 'word' | 'command' | 'redirection'): void {
    this.#endWord()
    if (kind === 'command') this.#endCommand()
    if (kind === 'redirection') this.#isTarget = true
  }

  #endWord(): void {
    if (this.#word !== undefined && !this.#isTarget) this.#words.push(this.#word)
    if (this.#word !== undefined) this.#isTarget = false
    this.#word = undefined
  }

  #endCommand(): void {
    this.#endWord()
    if (this.#words.length > 0) this.#commands.push(this.#words)
    this.#words = []
  }
}

function substitutions(text: string): readonly string[] {
  return [...text.matchAll(/\$\(([^)]*)\)/g)].map(([, inner = '']) => inner)
}
