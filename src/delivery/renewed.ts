// An exporter whose credentials may be replaced while it works. Before each request its files are looked at; if they
// changed, another exporter is made of them, and the one before is closed when its last request has been answered and
// its last receipt asked for: acknowledgements belong to the connection that was given them. After an answer that
// stopped the destination, the files are read whatever they look like, so that a probe never goes with an old token.
// Rejected: a `renew` method of exporters, which each of them, and each plugin, would have to get right.
import type { Batch, Exporter, Outcome } from '@circleci-audit-forwarder/contract'
import { around } from './around.ts'

/** Another exporter if there is reason for one; `anyway`: the files are read whatever they look like. Never throws. */
export type Renew = (anyway: boolean) => Exporter | undefined

/** The exporter, and after it whatever `renew` makes. What it encodes it encodes as the first one does. */
export function renewed(first: Exporter, renew: Renew): Exporter {
  const shifts = new Shifts(first, renew)
  return around(first, {
    send: (batch, signal) => shifts.send(batch, signal),
    ...(first.confirm && { confirm: (receipts, signal) => shifts.confirm(receipts, signal) }),
    ...(first.stored && {
      stored: (batch, signal) => shifts.use(async (one) => one.stored?.(batch, signal) ?? []),
    }),
    ...(first.readBack && {
      readBack: (batch, signal) => shifts.use(async (one) => one.readBack?.(batch, signal) ?? []),
    }),
    check: (signal) => shifts.use((one) => one.check(signal)),
    close: () => shifts.close(),
  })
}

interface Shift {
  readonly exporter: Exporter
  /** Requests under way, and receipts whose outcome is open. */
  open: number
}

class Shifts {
  readonly #renew: Renew
  readonly #receipts = new Map<string, Shift>()
  readonly #retired = new Set<Shift>()
  #current: Shift
  #stopped = false

  constructor(first: Exporter, renew: Renew) {
    this.#current = { exporter: first, open: 0 }
    this.#renew = renew
  }

  send(batch: Batch, signal: AbortSignal): Promise<Outcome> {
    return this.use(async (exporter, shift) => {
      const outcome = await exporter.send(batch, signal)
      this.#stopped = outcome.status === 'stopped'
      if (outcome.status === 'accepted') this.#keep(outcome.receipt, shift)
      return outcome
    })
  }

  /** Each receipt is asked for where it was given; one of nobody is the current exporter's to judge. */
  async confirm(receipts: readonly string[], signal: AbortSignal): Promise<ReadonlyMap<string, Outcome>> {
    const asked = Map.groupBy(receipts, (receipt) => this.#receipts.get(receipt) ?? this.#current)
    const answers = await Promise.all(
      [...asked].map(async ([{ exporter }, theirs]) => [...((await exporter.confirm?.(theirs, signal)) ?? [])]),
    )
    const settled = new Map(answers.flat())
    for (const [receipt, { status }] of settled) if (status !== 'accepted') this.#forget(receipt)
    return settled
  }

  /** One request by whoever is current now. */
  async use<T>(work: (exporter: Exporter, shift: Shift) => Promise<T>): Promise<T> {
    const shift = this.#fresh()
    shift.open += 1
    try {
      return await work(shift.exporter, shift)
    } finally {
      this.#left(shift)
    }
  }

  async close(): Promise<void> {
    await Promise.all([this.#current, ...this.#retired].map(({ exporter }) => exporter.close()))
  }

  #fresh(): Shift {
    const exporter = this.#renew(this.#stopped)
    if (exporter === undefined) return this.#current
    const before = this.#current
    this.#current = { exporter, open: 0 }
    this.#retired.add(before)
    this.#closeIdle(before)
    return this.#current
  }

  #keep(receipt: string, shift: Shift): void {
    this.#receipts.set(receipt, shift)
    shift.open += 1
  }

  #forget(receipt: string): void {
    const shift = this.#receipts.get(receipt)
    if (this.#receipts.delete(receipt) && shift !== undefined) this.#left(shift)
  }

  #left(shift: Shift): void {
    shift.open -= 1
    this.#closeIdle(shift)
  }

  #closeIdle(shift: Shift): void {
    if (shift.open > 0 || !this.#retired.delete(shift)) return
    // Nothing is lost with connections that nobody uses.
    void shift.exporter.close().catch(() => undefined)
  }
}
