// What the destinations lack although it lies in the bucket. A backlog is no gap as long as it shrinks: a first start, or the
// return of a destination, brings days of it, and whoever is told of that learns not to listen. So a destination is
// behind when its oldest object waits for longer than is allowed and that does not get better.
import type { Lack } from '../domain/gaps.ts'
import type { Account } from '../ledger/accounts.ts'
import { count, duration } from '../telemetry/units.ts'

/** How far back it is looked whether it gets better, in milliseconds. */
const LOOK_BACK_MS = 15 * 60_000
const SAMPLE_MS = 60_000

interface Sample {
  readonly at: number
  /** Object time of the oldest outstanding object. */
  readonly oldest: number
}

export interface DeliveryLimits {
  readonly allowedLagMs: number
  /** How long a receiver's objects stay in its bucket. */
  readonly retentionMs: (receiver: string) => number | undefined
  /** Whether another gap says already why an object waits. */
  readonly isExplained: (account: Account) => boolean
}

export class Deliveries {
  readonly #samples = new Map<string, Sample[]>()
  readonly #behind = new Set<string>()

  /** Subjects that are behind already, in gaps that an earlier process opened. */
  knowing(subjects: readonly string[]): void {
    for (const subject of subjects) this.#behind.add(subject)
  }

  /** What is lacking now. To be asked about once a minute. */
  lacks(accounts: readonly Account[], limits: DeliveryLimits, now: number): readonly Lack[] {
    return accounts.flatMap((account) => [
      ...this.#behindLack(account, limits, now),
      ...expiringLack(account, limits, now),
    ])
  }

  #behindLack(account: Account, { allowedLagMs, isExplained }: DeliveryLimits, now: number): readonly Lack[] {
    const subject = subjectOf(account)
    const samples = this.#sampled(subject, account, now)
    const { oldest } = account
    const age = oldest === undefined ? 0 : now - oldest.time
    // Once it is behind it is so until it is well within what is allowed.
    const isBehind = this.#behind.has(subject) ? age > allowedLagMs / 2 : age > allowedLagMs && isStuck(samples, now)
    if (!isBehind || oldest === undefined || isExplained(account)) {
      this.#behind.delete(subject)
      return []
    }
    this.#behind.add(subject)
    return [behindLack(account, oldest, now)]
  }

  /** Begins anew where nothing is outstanding, and where something older turned up. */
  #sampled(subject: string, { oldest }: Account, now: number): readonly Sample[] {
    const samples = this.#samples.get(subject) ?? []
    const last = samples[samples.length - 1]
    const isNew = last !== undefined && (oldest === undefined || oldest.time < last.oldest || now < last.at)
    if (isNew) samples.length = 0
    const isDue = samples.length === 0 || last === undefined || now - last.at >= SAMPLE_MS
    if (oldest !== undefined && isDue) samples.push({ at: now, oldest: oldest.time })
    while ((samples[1]?.at ?? now) <= now - LOOK_BACK_MS) samples.shift()
    this.#samples.set(subject, samples)
    return samples
  }
}

/** Over the last quarter of an hour the oldest object has not come nearer by as much as time passed. */
function isStuck(samples: readonly Sample[], now: number): boolean {
  const [first] = samples
  const last = samples[samples.length - 1]
  if (first === undefined || last === undefined || now - first.at < LOOK_BACK_MS) return false
  return last.oldest - first.oldest <= last.at - first.at
}

function behindLack(account: Account, oldest: NonNullable<Account['oldest']>, now: number): Lack {
  const { destination, receiver, outstanding, stop } = account
  const reason = stop?.reason ?? oldest.reason
  const why = reason === undefined ? 'nothing is known to be wrong with it' : reason
  const state = stop === undefined ? 'is behind' : `is stopped, check its ${stop.cause}`
  return {
    kind: 'delivery_behind',
    subject: subjectOf(account),
    receiver,
    destination,
    severity: stop === undefined ? 'warning' : 'critical',
    from: oldest.time,
    to: undefined,
    evidence: `${destination} ${state}: ${count(outstanding, 'object')} of ${receiver} outstanding, the oldest for ${duration(now - oldest.time)}; ${why}`,
    facts: { objects: outstanding, oldest_key: oldest.key, ...(reason === undefined ? {} : { reason }) },
    next:
      stop === undefined
        ? `look at what ${destination} answers (log, status); what is outstanding is read from the bucket again and delivered when it can be`
        : `mend the ${stop.cause} of ${destination}; it is probed, and nothing is dropped`,
  }
}

function expiringLack(account: Account, { retentionMs }: DeliveryLimits, now: number): readonly Lack[] {
  const { destination, receiver, oldest, outstanding } = account
  const kept = retentionMs(receiver)
  if (oldest === undefined || kept === undefined || now - oldest.time <= kept / 2) return []
  const left = oldest.time + kept - now
  const expiry = left > 0 ? `it will be gone in ${duration(left)}` : 'its time is up'
  return [
    {
      kind: 'buffer_expiring',
      subject: subjectOf(account),
      receiver,
      destination,
      severity: 'critical',
      from: oldest.time,
      to: undefined,
      evidence: `${destination}: the oldest of ${count(outstanding, 'outstanding object')} of ${receiver} has used more than half of the ${duration(kept)} that the bucket keeps it; ${expiry}`,
      facts: { objects: outstanding, retention_seconds: Math.round(kept / 1000), oldest_key: oldest.key },
      next: `make the bucket keep objects for longer now, then find out why ${destination} does not take them`,
    },
  ]
}

function subjectOf({ destination, receiver }: Pick<Account, 'destination' | 'receiver'>): string {
  return `${destination} from ${receiver}`
}
