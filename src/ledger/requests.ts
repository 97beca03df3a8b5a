/** What another process asks of the running forwarder, as one short row. */
export interface Request {
  readonly id: number
  /** e.g. `backfill`, `replay`, `gaps.ack`. */
  readonly kind: string
  /** JSON. */
  readonly body: string
  /** Who asks, for the record of the act. */
  readonly by: string
  readonly at: number
  /** How far it is, as JSON; undefined before the first report. */
  readonly progress: string | undefined
  readonly answer: string | undefined
}

/** The one thing commands write beside a running forwarder. */
export interface RequestLedger {
  /** Durable. Works for a process that does not hold the lock; takes no longer than one short commit. */
  ask(kind: string, body: string, by: string, now: number): number
  /** Unanswered requests, oldest first. */
  asked(): readonly Request[]
  /** How far a request is that is not answered yet. Not durable: it is for whoever waits, and nothing is built on it. */
  report(id: number, progress: string): void
  /** Durable: an answered request is never done twice. */
  answer(id: number, answer: string): void
  request(id: number): Request | undefined
  /**
   * Forgets requests that were asked before this instant and are answered, up to `limit` of them. Returns how many. Those
   * that took a file from a store stay: by them it is known that it was taken. Not durable: done again after a crash.
   */
  forgetAnswered(before: number, limit: number): number
}
