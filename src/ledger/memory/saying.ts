import type { HourAccount } from '../../domain/control.ts'
import type { OwnRecord } from '../../domain/own-records.ts'
import type { ClosingLedger } from '../closing.ts'
import type { OwnEntry, OwnLedger, OwnStanding, Waiting } from '../own.ts'
import { closeHours } from './closing.ts'
import { forget, own, ownStandings, record, waiting } from './own.ts'
import type { State } from './state.ts'

/** The part of the reference that is about what the forwarder says of itself. */
export class Saying implements OwnLedger, ClosingLedger {
  readonly #state: State

  constructor(state: State) {
    this.#state = state
  }

  record(entries: readonly OwnEntry[], now: number): void {
    this.together(() => record(this.#state, entries, now))
  }

  own(object: number): OwnRecord | undefined {
    return own(this.#state, object)
  }

  waiting(destination: string, query: Parameters<OwnLedger['waiting']>[1]): readonly Waiting[] {
    return waiting(this.#state, destination, query)
  }

  ownStandings(): readonly OwnStanding[] {
    return ownStandings(this.#state)
  }

  forget(inHand: ReadonlySet<number>, retiredBefore: number): number {
    return this.#state.journal.commit('volatile', () => forget(this.#state, inHand, retiredBefore))
  }

  closeHours(limit: number, tell: (hour: HourAccount) => OwnRecord, now: number): number {
    return this.together(() => closeHours(this.#state, limit, tell, now))
  }

  together<T>(body: () => T): T {
    return this.#state.journal.commit('durable', body)
  }
}
