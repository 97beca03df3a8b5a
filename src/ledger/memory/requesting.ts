import type { Request, RequestLedger } from '../requests.ts'
import { answer, ask, asked, forgetAnswered, report } from './requests.ts'
import { Saying } from './saying.ts'
import type { State } from './state.ts'

/** The part of the reference that is about what commands ask for. */
export class Requesting extends Saying implements RequestLedger {
  readonly #state: State

  constructor(state: State) {
    super(state)
    this.#state = state
  }

  ask(kind: string, body: string, by: string, now: number): number {
    return this.#durable(() => ask(this.#state, { kind, body, by, at: now }))
  }

  asked(): readonly Request[] {
    return asked(this.#state)
  }

  report(id: number, progress: string): void {
    this.#volatile(() => report(this.#state, id, progress))
  }

  answer(id: number, text: string): void {
    this.#durable(() => answer(this.#state, id, text))
  }

  request(id: number): Request | undefined {
    return this.#state.requests.get(id)
  }

  forgetAnswered(before: number, limit: number): number {
    return this.#volatile(() => forgetAnswered(this.#state, before, limit))
  }

  #durable<T>(body: () => T): T {
    return this.#state.journal.commit('durable', body)
  }

  #volatile<T>(body: () => T): T {
    return this.#state.journal.commit('volatile', body)
  }
}
