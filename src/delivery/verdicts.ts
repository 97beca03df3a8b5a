// Refusals that are not final yet. An acceptance shows that the destination works now; that it worked when it refused is a
// conclusion, and the weaker the more it refused in a row. A single refusal between acceptances is believed. Several in a
// row, or any while the destination was stopped, may be the end of a spell in which it refused everything: those records
// are heard a second time, once it works. What it refuses then is believed, or records that are really bad would go round
// for ever. Rejected: believing nothing at first, which would cost every bad record another search of its batch.
import type { Clock } from '../domain/clock.ts'
import type { Position } from '../ledger/duplicates.ts'
import type { Ledger } from '../ledger/ledger.ts'
import type { Tell } from '../telemetry/events.ts'
import type { Gate } from './gate.ts'
import type { Hand } from './hand.ts'

export interface VerdictsParts {
  readonly destination: string
  readonly ledger: Pick<Ledger, 'revoke'>
  readonly clock: Clock
  readonly tell: Tell
  readonly hand: Hand
  readonly gate: Gate
}

/** Refusals in a row that an acceptance confirms without a second hearing. */
const SURE = 1
/** So many records are remembered as heard again; beyond that the oldest may be heard once more. */
const REMEMBERED = 10_000

/** The records refused provisionally, each holding its object in hand. The ledger has them; this knows how they came. */
export class Verdicts {
  readonly #parts: VerdictsParts
  #held: readonly Position[] = []
  /** How many refusals in a row there were. */
  #row = 0
  readonly #heard = new Set<string>()

  constructor(parts: VerdictsParts) {
    this.#parts = parts
  }

  get count(): number {
    return this.#held.length
  }

  /** Verdicts that were not final when the last run ended. */
  recover(positions: readonly Position[]): void {
    for (const { object } of positions) this.#parts.hand.hold(object)
    this.add(positions, false)
  }

  /**
   * One answer refused these, whose objects are held. An answer that let others pass has looked at each record; for one
   * that did not, every record is a refusal of its own.
   */
  add(refused: readonly Position[], passing: boolean): void {
    if (refused.length === 0) return
    this.#held = [...this.#held, ...refused]
    this.#row += passing ? 1 : refused.length
    if (this.#parts.gate.stop !== undefined) this.#row += SURE
  }

  /** Before something is accepted: what it refused in a row is due again, to be asked once more. In the ledger first. */
  hearAgain(): void {
    const { ledger, destination, clock, tell } = this.#parts
    const doubtful = this.#row <= SURE ? [] : this.#held.filter((position) => !this.#heard.has(name(position)))
    if (doubtful.length === 0) return
    ledger.revoke(destination, clock.now(), doubtful)
    for (const position of doubtful) this.#remember(position)
    const again = new Set(doubtful)
    this.#held = this.#held.filter((position) => !again.has(position))
    this.#letGo(doubtful)
    tell({ type: 'verdicts_revoked', destination, records: doubtful.length, why: 'resumed' })
  }

  /** All were none: they are due again after a while. In the ledger first. */
  revoke(why: 'recalled' | 'mistrusted', waitMs: number): void {
    const { ledger, destination, clock, tell } = this.#parts
    const records = this.count
    if (records === 0) return
    ledger.revoke(destination, clock.now() + waitMs)
    this.#end()
    tell({ type: 'verdicts_revoked', destination, records, why })
  }

  /** The ledger has made all of them final. */
  confirmed(records: number): void {
    const { tell, destination } = this.#parts
    this.forget(this.#held)
    this.#end()
    tell({ type: 'records_quarantined', destination, records, reason: undefined })
  }

  /** Something was accepted: whatever is refused now begins a new row. */
  accepted(): void {
    this.#row = 0
  }

  /** These have come to their end. */
  forget(ended: readonly Position[]): void {
    if (this.#heard.size > 0) for (const position of ended) this.#heard.delete(name(position))
  }

  #remember(position: Position): void {
    const [oldest] = this.#heard
    if (this.#heard.size >= REMEMBERED && oldest !== undefined) this.#heard.delete(oldest)
    this.#heard.add(name(position))
  }

  #end(): void {
    this.#letGo(this.#held)
    this.#held = []
    this.#row = 0
  }

  #letGo(positions: readonly Position[]): void {
    for (const { object } of positions) this.#parts.hand.release(object)
  }
}

function name({ object, from }: Position): string {
  return `${object} ${from}`
}
