import type { Comparison, Sided, Tallied, Witnessed } from '../comparison.ts'
import { idDigits } from '../rules.ts'

interface Seen {
  readonly at: number | undefined
  file: number
  stream: number
  held: number
}

/** The reference: what a comparison is, as plainly as it can be said. */
export class MemoryComparison implements Comparison {
  readonly #events = new Map<string, Seen>()

  file(events: readonly Witnessed[]): void {
    for (const { id, at } of events) this.#seen(id, at).file += 1
  }

  stream(events: readonly (Witnessed & { readonly held: number })[], span: { from: number; to: number }): void {
    for (const { id, at, held } of events) {
      const isWithin = at !== undefined && at >= span.from && at <= span.to
      if (!isWithin && !this.#events.has(key(id))) continue
      const seen = this.#seen(id, at)
      seen.stream += 1
      seen.held = both(seen.held, held)
    }
  }

  tally(): Tallied {
    const all = [...this.#events.values()]
    return {
      file: all.filter(({ file }) => file > 0).length,
      repeated: all.reduce((sum, { file }) => sum + Math.max(0, file - 1), 0),
      stream: all.filter(({ stream }) => stream > 0).length,
      both: all.filter(({ file, stream }) => file > 0 && stream > 0).length,
    }
  }

  held(bit: number): number {
    return [...this.#events.values()].filter(({ file, held }) => file > 0 && isSet(held, bit)).length
  }

  *inOrder(): Generator<readonly Sided[]> {
    const sided = [...this.#events.values()].flatMap(({ at, file, stream }): Sided[] => {
      return at === undefined ? [] : [{ at, who: file === 0 ? 'stream' : stream === 0 ? 'file' : 'both' }]
    })
    yield sided.sort((a, b) => a.at - b.at)
  }

  close(): void {
    this.#events.clear()
  }

  #seen(id: string, at: number | undefined): Seen {
    const known = this.#events.get(key(id)) ?? { at, file: 0, stream: 0, held: 0 }
    this.#events.set(key(id), known)
    return known
  }
}

function key(id: string): string {
  return idDigits(id).toLowerCase()
}

function isSet(bits: number, bit: number): boolean {
  return Math.floor(bits / 2 ** bit) % 2 === 1
}

/** More than 32 of them: beyond what the language's own operators can do. */
function both(a: number, b: number): number {
  return Number(BigInt(a) | BigInt(b))
}
