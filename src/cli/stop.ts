// Being asked to stop. The first SIGTERM or SIGINT asks for a clean end; a second one means "now", and the ledger makes
// up for it. But one Ctrl-C can arrive twice: the terminal sends it to the whole process group, and npm passes its own
// on, milliseconds later. So a second signal counts only a second after the first. Rejected: ignoring what npm sends,
// since a signal does not say where it comes from.

/** What tells of signals: `process`, or something in its place. */
export interface SignalSource {
  on(signal: 'SIGINT' | 'SIGTERM', hear: () => void): unknown
}

export interface StopOptions {
  readonly source: SignalSource
  /** Milliseconds, from a clock that never jumps. */
  now(): number
  /** Called once, at the first signal. */
  stopping(signal: string): void
  /** Called when somebody cannot wait. */
  endNow(signal: string): void
}

/** The process, listened to once for all who ask: a command may have many files, each of which is asked for. */
export const processSignals: SignalSource = {
  on(signal, hear) {
    const all = hearers.get(signal) ?? new Set()
    all.add(hear)
    if (hearers.has(signal)) return
    hearers.set(signal, all)
    process.on(signal, () => {
      for (const one of all) one()
    })
  },
}

const hearers = new Map<string, Set<() => void>>()

/** Within this time of the first signal another one is the same wish, in milliseconds. */
const SAME_WISH = 1_000

export class StopSignals {
  readonly #options: StopOptions
  readonly #abort = new AbortController()
  #first = 0

  /** Hears signals from now on, for the life of the process: one that comes late must not kill a clean end. */
  constructor(options: StopOptions) {
    this.#options = options
    for (const signal of ['SIGTERM', 'SIGINT'] as const) options.source.on(signal, () => this.#heard(signal))
  }

  /** Aborts at the first signal. */
  get aborted(): AbortSignal {
    return this.#abort.signal
  }

  #heard(signal: string): void {
    const { now, stopping, endNow } = this.#options
    if (this.#abort.signal.aborted) {
      if (now() - this.#first >= SAME_WISH) endNow(signal)
      return
    }
    this.#first = now()
    stopping(signal)
    this.#abort.abort()
  }
}
