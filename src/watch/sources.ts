// What receivers and readers say of their troubles, put together to what is lacking. One failure is nothing: networks blink.
// What lasts for some minutes is a gap, and what many objects have in common is one gap of their source and not one of each.
// Nothing of this is kept: whatever lasts is said again within minutes of a restart.
import type { Lack } from '../domain/gaps.ts'
import type { TelemetryEvent } from '../telemetry/events.ts'
import { count } from '../telemetry/units.ts'

/** A failure must last for so long, in milliseconds. */
const LASTS_MS = 10 * 60_000
/** So many unreadable objects are one trouble of their source. */
const MANY = 3
/** Objects named in a gap, and remembered at all. */
const SHOWN = 5
const REMEMBERED = 10_000

interface Trouble {
  readonly since: number
  readonly reason: string
  readonly hint: string | undefined
}

interface UnreadObject extends Trouble {
  readonly receiver: string
  readonly kind: 'denied' | 'archived' | 'unreachable' | 'other'
  readonly times: number
}

export class Sources {
  readonly #listing = new Map<string, Trouble>()
  readonly #receiving = new Map<string, Trouble>()
  /** Receivers whose buckets were listed since this process began. */
  readonly #listed = new Set<string>()
  /** By key. */
  readonly #unread = new Map<string, UnreadObject>()
  readonly #now: () => number

  constructor(now: () => number) {
    this.#now = now
  }

  hear(event: TelemetryEvent): void {
    if (event.type === 'sweep_failed') this.#trouble(this.#listing, event)
    if (event.type === 'sweep_completed') {
      this.#listing.delete(event.receiver)
      this.#listed.add(event.receiver)
    }
    if (event.type === 'receive_failed') this.#trouble(this.#receiving, event)
    if (event.type === 'receive_resumed') this.#receiving.delete(event.receiver)
    if (event.type === 'read_failed') this.#failed(event)
    if (event.type === 'object_read' || event.type === 'object_lost') this.#unread.delete(event.key)
  }

  /** What is lacking now. `since` is where the unseen begins: up to when a receiver's bucket was listed. */
  lacks(since: (receiver: string) => number | undefined): readonly Lack[] {
    const now = this.#now()
    const lasting = ([, { since }]: readonly [string, Trouble]) => now - since >= LASTS_MS
    const listing = [...this.#listing]
      .filter(lasting)
      .map(([receiver, trouble]) => listingLack(receiver, trouble, since(receiver)))
    const receiving = [...this.#receiving]
      .filter(lasting)
      .map(([receiver, trouble]) => receivingLack(receiver, trouble))
    return [...listing, ...receiving, ...this.#unreadLacks(now)]
  }

  /** Whether it is known, and not only not known otherwise, that what a gap says is not so any more. */
  isWell(subject: string): boolean {
    return [...this.#listed].some((receiver) => subject === `${receiver}: listing` && !this.#listing.has(receiver))
  }

  /** Whether an object is known not to be readable. */
  isUnread(key: string): boolean {
    return this.#unread.has(key)
  }

  #trouble(troubles: Map<string, Trouble>, { receiver, reason, hint }: Failure): void {
    troubles.set(receiver, { since: troubles.get(receiver)?.since ?? this.#now(), reason, hint })
  }

  #failed({ receiver, key, kind, reason, hint }: Extract<TelemetryEvent, { type: 'read_failed' }>): void {
    if (kind === 'expired' || kind === 'replaced' || kind === 'vanished') return
    const known = this.#unread.get(key)
    if (known === undefined && this.#unread.size >= REMEMBERED) return
    const told = kind === 'denied' || kind === 'archived' || kind === 'unreachable' ? kind : 'other'
    const times = (known?.times ?? 0) + 1
    this.#unread.set(key, { receiver, kind: told, since: known?.since ?? this.#now(), reason, hint, times })
  }

  #unreadLacks(now: number): readonly Lack[] {
    const lasting = [...this.#unread].filter(([, { since, times }]) => now - since >= LASTS_MS && times > 1)
    const byCause = Map.groupBy(lasting, ([, { receiver, kind }]) => `${receiver} ${kind}`)
    return [...byCause.values()].map(unreadLack)
  }
}

type Failure = { readonly receiver: string; readonly reason: string; readonly hint: string | undefined }

function listingLack(receiver: string, { since, reason, hint }: Trouble, sweptTo: number | undefined): Lack {
  return {
    kind: 'source_unreachable',
    subject: `${receiver}: listing`,
    receiver,
    destination: undefined,
    severity: 'critical',
    from: sweptTo ?? since,
    to: undefined,
    evidence: `the bucket of ${receiver} cannot be listed: ${reason}; what came since is not known, and no silence is judged`,
    facts: { reason },
    next: hint ?? 'see the reason; `doctor` shows what is granted and what is not',
  }
}

function receivingLack(receiver: string, { since, reason, hint }: Trouble): Lack {
  return {
    kind: 'source_unreachable',
    subject: `${receiver}: notifications`,
    receiver,
    destination: undefined,
    severity: 'warning',
    from: since,
    to: undefined,
    evidence: `notifications of ${receiver} cannot be received: ${reason}; the sweep finds new objects, later`,
    facts: { reason },
    next: hint ?? 'see the reason; `doctor` shows what is granted and what is not',
  }
}

const kinds = {
  denied: 'object_unreadable',
  unreachable: 'object_unreadable',
  other: 'object_unreadable',
  archived: 'object_archived',
} as const
const advice = {
  denied: 'grant reading (and the key that the objects are encrypted with) to the forwarder',
  unreachable: 'see whether the store can be reached from here; it is tried again and again',
  other: 'see the log; report it if it looks like a fault of the forwarder',
  archived: 'restore the objects from the archive; they are read as soon as they are back',
} as const

/** Many objects that may not be read, or not reached, are one source that is not. */
function unreadLack(objects: readonly (readonly [string, UnreadObject])[]): Lack {
  const sorted = objects.toSorted(([, a], [, b]) => a.since - b.since)
  const [key, { receiver, kind, since, reason, hint }] = sorted[0] as readonly [string, UnreadObject]
  const isSource = objects.length >= MANY && (kind === 'denied' || kind === 'unreachable')
  const others = objects.length === 1 ? '' : `, ${count(objects.length, 'object')} in all`
  return {
    kind: isSource ? 'source_unreachable' : kinds[kind],
    subject: isSource ? `${receiver}: reading` : `${receiver}: ${kind}`,
    receiver,
    destination: undefined,
    severity: isSource ? 'critical' : 'warning',
    from: since,
    to: undefined,
    evidence: `${key} cannot be read${others}: ${reason}; outstanding for its destinations`,
    facts: {
      objects: objects.length,
      keys: sorted
        .slice(0, SHOWN)
        .map(([one]) => one)
        .join(' '),
      reason,
    },
    next: hint ?? advice[kind],
  }
}
