// Refusals that are not final yet. An acceptance shows that the destination works now; that it worked when it refused is a
// conclusion, and the weaker the more it refused in a row. A single refusal between acceptances is believed. Several in a
// row, or any while the destination was stopped, may be the end of a spell in which it refused everything: those records
// are heard a second time, once it works. What it refuses then is believed, or records that are really bad would go round
// for ever. So would as many of them as stop a destination, if they were heard all at once: those that did are heard a few
// at a time, and other records are accepted in between. Rejected: believing nothing at first, which would cost every bad
// record another search of its batch; and not counting what is heard again, which would believe a destination that works
// for a moment whatever it refuses afterwards.
import type { Clock } from '../domain/clock.ts'
import type { Position } from '../ledger/duplicates.ts'
import type { Ledger } from '../ledger/ledger.ts'
import type { Tell } from '../telemetry/events.ts'
import type { Flights } from './flights.ts'
import type { Gate } from './gate.ts'
import type { Hand } from './hand.ts'
import { VERDICTS_TO_STOP } from './options.ts'

export interface VerdictsParts {
  readonly destination: string
  readonly ledger: Pick<Ledger, 'revoke'>
  readonly clock: Clock
  readonly tell: Tell
  readonly hand: Hand
  readonly gate: Gate
  readonly flights: Pick<Flights, 'members'>
}

/** Refusals in a row that an acceptance confirms without a second hearing. */
const SURE = 1
/** So many records are remembered as heard again; beyond that the oldest may be heard once more. */
const REMEMBERED = 10_000
/** So many mistrusted records are heard again at once: together with them, others may be refused before it shows. */
const AT_ONCE = VERDICTS_TO_STOP / 2

/** The records refused provisionally, each holding its object in hand. The ledger has them; this knows how they came. */
export class Verdicts {
  readonly #parts: VerdictsParts
  #held: readonly Position[] = []
  /** How many refusals in a row there were. */
  #row = 0
  /** Records refused before, and something was accepted since: what is refused of these is believed. */
  readonly #heard = new Set<string>()
  /** Records mistrusted with all that was refused, and nothing was accepted since. */
  readonly #doubted = new Set<string>()
  /** Refusals stopped the destination, and none of what it refused has been taken since. */
  #wary = false

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
    for (const position of doubtful) this.#remember(this.#heard, name(position))
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
    if (why === 'mistrusted') this.#doubt()
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

  /**
   * These were accepted: whatever is refused now begins a new row, and what was mistrusted has had its acceptance. Where
   * one of that was taken, the fault was the destination's, and the others need not wait for their turn.
   */
  accepted(members: readonly Position[]): void {
    this.#row = 0
    if (this.#wary) this.#wary = !members.some((member) => this.#heard.has(name(member)) || this.#isDoubted(member))
    for (const doubted of this.#doubted) this.#remember(this.#heard, doubted)
    this.#doubted.clear()
  }

  /** These have come to their end. */
  forget(ended: readonly Position[]): void {
    if (this.#heard.size + this.#doubted.size === 0) return
    for (const position of ended) {
      this.#heard.delete(name(position))
      this.#doubted.delete(name(position))
    }
  }

  /**
   * Which records may be sent now, asked once for each in the order in which they would go; undefined if all may. A
   * destination that is stopped is probed with whatever there is.
   */
  turns(): ((position: Position) => boolean) | undefined {
    const { gate, flights } = this.#parts
    if (!this.#wary || gate.stop !== undefined) return undefined
    const isHeard = (position: Position): boolean => this.#heard.has(name(position))
    let room = AT_ONCE - this.#held.filter(isHeard).length - flights.members.filter(isHeard).length
    return (position) => {
      if (!isHeard(position)) return true
      room -= 1
      return room >= 0
    }
  }

  /** Nothing that is refused now, or was at a second hearing, says anything about the records. */
  #doubt(): void {
    this.#wary = true
    for (const heard of this.#heard) this.#remember(this.#doubted, heard)
    this.#heard.clear()
    for (const position of this.#held) this.#remember(this.#doubted, name(position))
  }

  #isDoubted(position: Position): boolean {
    return this.#doubted.has(name(position))
  }

  #remember(set: Set<string>, record: string): void {
    const [oldest] = set
    if (set.size >= REMEMBERED && oldest !== undefined) set.delete(oldest)
    set.add(record)
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
