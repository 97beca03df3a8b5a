// Events that come at regular times, such as a scheduled pipeline's. Their absence proves what no rhythm can: that a quiet
// hour is not complete. Judged is only what was read: an event may lie in an object that nobody could read yet.
import type { AuditEvent } from '../domain/event.ts'
import type { Lack } from '../domain/gaps.ts'
import type { WatchLedger } from '../ledger/watch.ts'
import { duration } from '../telemetry/units.ts'
import type { Freeze, RegularEvent, StreamExpectations } from './settings.ts'

interface Known {
  /** When it last came; until it did, since when it is waited for. */
  readonly last: number
  readonly came: boolean
  /** The latest hours in which it came, since 1970, in order. */
  readonly hours: readonly number[]
}

export class Expected {
  readonly #ledger: WatchLedger
  readonly #settings: StreamExpectations
  readonly #known = new Map<string, Known>()
  readonly #changed = new Set<string>()

  constructor(ledger: WatchLedger, settings: StreamExpectations) {
    this.#ledger = ledger
    this.#settings = settings
    for (const { name } of settings.expect) {
      const text = ledger.memory(this.#memory(name))
      if (text !== undefined) this.#known.set(name, JSON.parse(text) as Known)
    }
  }

  /** Who wants to know of each event, and when it occurred (milliseconds since 1970). Undefined where none is waited for. */
  get noticed(): ((event: AuditEvent, at: number) => void) | undefined {
    return this.#settings.expect.length === 0 ? undefined : this.#notice
  }

  /** Keeps what was noticed since the last time. */
  keep(): void {
    for (const name of this.#changed) {
      const known = this.#known.get(name)
      if (known !== undefined) this.#ledger.remember(this.#memory(name), JSON.stringify(known))
    }
    this.#changed.clear()
  }

  /** What should have come by now. @param readTo everything up to here was read, in milliseconds since 1970 */
  lacks(readTo: number): readonly Lack[] {
    return this.#settings.expect.flatMap((expectation) => {
      const known = this.#known.get(expectation.name) ?? this.#begin(expectation.name, readTo)
      const due = known.last + expectation.everyMs
      const until = thawed(due, expectation, this.#settings.quiet)
      return readTo <= until ? [] : [this.#lack(expectation, known, due)]
    })
  }

  /** Whether any of them came in this hour: then the stream was there. In milliseconds since 1970. */
  cameIn(hour: number): boolean {
    const index = Math.floor(hour / HOUR_MS)
    return [...this.#known.values()].some(({ hours }) => hours.includes(index))
  }

  readonly #notice = (event: AuditEvent, at: number): void => {
    for (const { name, matches } of this.#settings.expect) if (matches(event)) this.#came(name, at)
  }

  #came(name: string, at: number): void {
    const known = this.#known.get(name) ?? { last: at, came: false, hours: [] }
    const hour = Math.floor(at / HOUR_MS)
    const isLater = at > known.last || !known.came
    if (!isLater && known.hours.includes(hour)) return
    const hours = known.hours.includes(hour) ? known.hours : [...known.hours, hour].sort((a, b) => a - b).slice(-HOURS)
    this.#known.set(name, { last: isLater ? at : known.last, came: true, hours })
    this.#changed.add(name)
  }

  #begin(name: string, readTo: number): Known {
    const known: Known = { last: readTo, came: false, hours: [] }
    this.#known.set(name, known)
    this.#changed.add(name)
    return known
  }

  #lack({ name, everyMs, graceMs }: RegularEvent, { last, came }: Known, due: number): Lack {
    const { receiver } = this.#settings
    const before = came ? `it last came ${new Date(last).toISOString()}` : 'it never came'
    return {
      kind: 'expected_missing',
      subject: `${receiver}: ${name}`,
      receiver,
      destination: undefined,
      severity: 'critical',
      from: due,
      to: undefined,
      evidence: `${name} is expected every ${duration(everyMs)} (and ${duration(graceMs)} of grace) in ${receiver}, and did not come: ${before}`,
      facts: { expectation: name, every_seconds: Math.round(everyMs / 1000) },
      next: 'see whether what causes it ran; if it did, the stream loses events: look at the streaming status in CircleCI',
    }
  }

  #memory(name: string): string {
    return `expected ${this.#settings.receiver} ${name}`
  }
}

/** Of so many hours it is remembered that it came in them: as many as the calendar shows, and some. */
const HOURS = 24 * 30
const HOUR_MS = 3_600_000

/** The end of the grace. What was due in a freeze comes after it, within the usual time; what of the grace is frozen does not count. */
function thawed(dueAt: number, { everyMs, graceMs }: RegularEvent, quiet: readonly Freeze[]): number {
  let due = dueAt
  let end = due + graceMs
  for (const { from, to } of quiet.toSorted((a, b) => a.from - b.from)) {
    if (from <= due && due < to) {
      due = to + everyMs
      end = due + graceMs
    } else if (from > due && from < end) end += to - from
  }
  return end
}
