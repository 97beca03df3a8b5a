// Whether the event loop has been alive. Answering at all is most of the proof; the rest is that a loop blocked for
// longer than a lane can bear was blocked recently, which means it will be again. Measured by a timer that comes late,
// on the monotonic clock: a machine that slept, or whose clock was set, was not blocked.

export interface PulseOptions {
  /** Monotonic milliseconds. */
  readonly monotonic: () => number
  readonly intervalMs?: number
  readonly blockedMs?: number
  /** How long a blocked loop is held against us. */
  readonly memoryMs?: number
}

export class Pulse {
  readonly #monotonic: () => number
  readonly #intervalMs: number
  readonly #blockedMs: number
  readonly #memoryMs: number
  #timer: NodeJS.Timeout | undefined
  #lastBeat: number
  #blocked: { readonly forMs: number; readonly until: number } | undefined

  constructor(options: PulseOptions) {
    this.#monotonic = options.monotonic
    this.#intervalMs = options.intervalMs ?? 1000
    this.#blockedMs = options.blockedMs ?? 10_000
    this.#memoryMs = options.memoryMs ?? 30_000
    this.#lastBeat = options.monotonic()
  }

  start(): void {
    this.#lastBeat = this.#monotonic()
    this.#timer ??= setInterval(() => this.beat(), this.#intervalMs).unref()
  }

  stop(): void {
    clearInterval(this.#timer)
    this.#timer = undefined
  }

  /** The loop turned. */
  beat(): void {
    const now = this.#monotonic()
    const lateMs = now - this.#lastBeat - this.#intervalMs
    if (lateMs > this.#blockedMs) this.#blocked = { forMs: lateMs, until: now }
    this.#lastBeat = now
  }

  /** For how long the loop was blocked lately, in milliseconds; undefined when it was not. Counts as a beat. */
  blockedFor(): number | undefined {
    this.beat()
    if (this.#blocked === undefined || this.#monotonic() - this.#blocked.until > this.#memoryMs) return undefined
    return this.#blocked.forMs
  }
}
