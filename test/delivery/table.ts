// A destination like a table: it recognises a token for a while, and can be asked which ids it holds.
import type { Batch, Outcome } from '@circleci-audit-forwarder/contract'
import type { Bench, Outlet } from './harness.ts'

export const MINUTE: number = 60_000
export const HOUR: number = 60 * MINUTE

export const lost: Outcome = { status: 'retry', reason: 'connection reset', ambiguous: true }

export class Table {
  readonly rows: string[] = []
  readonly asked: (readonly string[])[] = []
  /** What stands in the way of the answer to an insert, asked after the insert. */
  answer: () => Outcome = () => ({ status: 'delivered' })
  /** Nothing gets there at all. */
  down = false
  unaskable = false
  /** What someone has to mend before it answers a question. */
  refusing: string | undefined
  /** How far the forwarder's clock was set; the table has its own. */
  clockSetMs = 0
  readonly #windowMs: number
  readonly #bench: Bench
  readonly #tokens = new Map<string, number>()

  constructor(bench: Bench, windowMs: number) {
    this.#bench = bench
    this.#windowMs = windowMs
  }

  outlet(): Outlet {
    const outlet = this.#bench.outlet((sent, _, batch) => this.#insert(sent, batch))
    outlet.deduplicationMs = this.#windowMs
    outlet.stored = async ({ members }) => {
      const wanted = members.map(({ bytes }) => Buffer.from(bytes).toString())
      this.asked.push(wanted)
      if (this.down || this.unaskable) throw new Error('connection refused')
      if (this.refusing !== undefined) return { status: 'stopped', cause: 'credentials', reason: this.refusing }
      return [...wanted.keys()].filter((index) => this.rows.includes(wanted[index] as string))
    }
    return outlet
  }

  /** The answer to the first insert is lost, and nothing gets through from then on. */
  cutOff(): void {
    this.answer = () => {
      this.down = true
      this.answer = () => ({ status: 'delivered' })
      return lost
    }
  }

  #insert(sent: readonly string[], { token }: Batch): Outcome {
    if (this.down) return { status: 'retry', reason: 'no answer', ambiguous: true }
    const now = this.#bench.clock.now() - this.clockSetMs
    const at = this.#tokens.get(token)
    if (at === undefined || now - at >= this.#windowMs) {
      this.rows.push(...sent)
      this.#tokens.set(token, now)
    }
    return this.answer()
  }
}
