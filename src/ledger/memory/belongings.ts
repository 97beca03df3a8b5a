import type { Belonging, BelongingLedger } from '../belongings.ts'
import type { State } from './state.ts'

export class MemoryBelongings implements BelongingLedger {
  readonly #state: State

  constructor(state: State) {
    this.#state = state
  }

  all(): readonly Belonging[] {
    return this.#state.belongings.values().sort((a, b) => (a.receiver < b.receiver ? -1 : 1))
  }

  note(belonging: Belonging): void {
    this.#state.journal.commit('volatile', () => this.#state.belongings.set(belonging.receiver, belonging))
  }
}
