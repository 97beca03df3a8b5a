// Whether objects are announced. One that was not is found by the sweep, so nothing is missing: it is counted, and
// mentioned once a day. Only where many of the recent ones were not announced somebody must look at the bucket's
// notifications, because then everything is as slow as the sweep.
import type { Lack } from '../domain/gaps.ts'
import type { TelemetryEvent } from '../telemetry/events.ts'
import { count } from '../telemetry/units.ts'

const HOUR_MS = 3_600_000
const DAY_MS = 24 * HOUR_MS
/** How far back it is looked, in milliseconds. */
const RECENT_MS = 6 * HOUR_MS
/** So many, and this share of all, are too many; below the other share it is well again. */
const MANY = 10
const SHARE = 0.2
const WELL = 0.05

interface Counts {
  announced: number
  missed: number
}

export class Announcements {
  /** By receiver and hour. */
  readonly #hours = new Map<string, Map<number, Counts>>()
  readonly #broken = new Set<string>()
  readonly #now: () => number

  constructor(now: () => number) {
    this.#now = now
  }

  hear(event: TelemetryEvent): void {
    if (event.type === 'objects_seen' && event.how === 'notified') this.#count(event.receiver).announced += event.fresh
    if (event.type === 'sweep_completed' && event.missed > 0) this.#count(event.receiver).missed += event.missed
  }

  /** Receivers whose notifications do not work as they should. */
  lacks(): readonly Lack[] {
    const now = this.#now()
    return [...this.#hours].flatMap(([receiver, hours]) => {
      const recent = sum([...hours].filter(([hour]) => now - hour <= RECENT_MS + HOUR_MS).map(([, counts]) => counts))
      const share = recent.missed / Math.max(1, recent.missed + recent.announced)
      const isBroken = this.#broken.has(receiver) ? share > WELL : recent.missed >= MANY && share >= SHARE
      if (!isBroken) {
        this.#broken.delete(receiver)
        return []
      }
      this.#broken.add(receiver)
      return [brokenLack(receiver, recent, Math.min(...hours.keys()))]
    })
  }

  /** What was missed today and found: nothing is missing. */
  mentions(): readonly Lack[] {
    const now = this.#now()
    const today = Math.floor(now / DAY_MS) * DAY_MS
    return [...this.#hours].flatMap(([receiver, hours]) => {
      for (const hour of hours.keys()) if (now - hour > DAY_MS + HOUR_MS) hours.delete(hour)
      const counts = sum([...hours].filter(([hour]) => hour >= today).map(([, one]) => one))
      return counts.missed === 0 ? [] : [missedLack(receiver, counts, today)]
    })
  }

  #count(receiver: string): Counts {
    const hours = this.#hours.get(receiver) ?? new Map<number, Counts>()
    this.#hours.set(receiver, hours)
    const hour = Math.floor(this.#now() / HOUR_MS) * HOUR_MS
    const counts = hours.get(hour) ?? { announced: 0, missed: 0 }
    hours.set(hour, counts)
    return counts
  }
}

function sum(all: readonly Counts[]): Counts {
  return all.reduce(
    (total, { announced, missed }) => ({ announced: total.announced + announced, missed: total.missed + missed }),
    { announced: 0, missed: 0 },
  )
}

function missedLack(receiver: string, { announced, missed }: Counts, from: number): Lack {
  return {
    kind: 'notification_missed',
    subject: `${receiver}: ${new Date(from).toISOString().slice(0, 10)}`,
    receiver,
    destination: undefined,
    severity: 'warning',
    from,
    to: from + DAY_MS,
    evidence: `${count(missed, 'object')} of ${receiver} not announced, and found by the sweep; ${announced} announced`,
    facts: { missed, announced },
    next: 'nothing: they are delivered',
  }
}

function brokenLack(receiver: string, { announced, missed }: Counts, from: number): Lack {
  return {
    kind: 'notification_missed',
    subject: receiver,
    receiver,
    destination: undefined,
    severity: 'warning',
    from,
    to: undefined,
    evidence: `${missed} of the last ${count(missed + announced, 'object')} of ${receiver} were not announced; the sweep finds and delivers them, later`,
    facts: { missed, announced },
    next: "check the bucket's notifications: event types, prefix, and the queue they lead to; `doctor` looks at all three",
  }
}
