/** What goes wrong with one request. */
export type Fault = {
  /** Only for such statements; without it for any. */
  readonly on?: 'insert' | 'query'
} /** The connection is reset: before the engine has seen the statement, or after it has carried it out. */ & (
  | { readonly kind: 'cut'; readonly when: 'before' | 'after commit' }
  /** The statement is taken and never answered. */
  | { readonly kind: 'hang' }
  /** The statement waits before it is carried out. */
  | { readonly kind: 'slow'; readonly ms: number }
  /** The statement waits before it is carried out until it is released. */
  | { readonly kind: 'held' }
  /** The statement is not carried out and an exception is answered: with its status, or behind a 200. */
  | {
      readonly kind: 'exception'
      readonly code: number
      readonly message: string
      readonly as: 'status' | '200 and header' | '200 and trailer' | '200 and body'
    }
  /** Another server's answer. */
  | {
      readonly kind: 'answer'
      readonly status: number
      readonly headers?: Readonly<Record<string, string>>
      readonly body: string
    }
)

/** Faults in the order in which they happen, each once. */
export class Faults {
  readonly #queue: Fault[] = []

  add(faults: readonly Fault[]): void {
    this.#queue.push(...faults)
  }

  clear(): void {
    this.#queue.length = 0
  }

  /** The first that fits such a statement. */
  take(kind: 'insert' | 'query'): Fault | undefined {
    const at = this.#queue.findIndex(({ on }) => on === undefined || on === kind)
    return at < 0 ? undefined : this.#queue.splice(at, 1)[0]
  }
}
