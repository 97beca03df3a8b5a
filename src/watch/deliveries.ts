// What the destinations lack although it lies in the bucket. A backlog is no gap as long as it shrinks: a first start, or the
// return of a destination, brings days of it, and whoever is told of that learns not to listen. So a destination is
// behind when its oldest object waits for longer than is allowed and that does not get better.
// One whose objects are about to expire is told of as that instead, which is the same trouble with a deadline.
import type { Gap, Lack } from '../domain/gaps.ts'
import type { Account } from '../ledger/accounts.ts'
import { count, duration } from '../telemetry/units.ts'
import { type ExpiringLimits, expiringLacks, isOf, subjectOf } from './expiring.ts'

/** How far back it is looked whether it gets better, in milliseconds. */
const LOOK_BACK_MS = 15 * 60_000
const SAMPLE_MS = 60_000

interface Sample {
  readonly at: number
  /** Object time of the oldest outstanding object. */
  readonly oldest: number
}

export interface DeliveryLimits extends ExpiringLimits {
  readonly allowedLagMs: number
  /** Those of `expiring` of which it is not known yet whether they are over. */
  readonly unsure: readonly Gap[]
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
    const behind = accounts.flatMap((account) => this.#behindLack(account, limits, now))
    const expiring = expiringLacks(accounts, limits, now)
    const urgent = [...expiring, ...limits.unsure]
    return [...behind.filter((one) => !urgent.some((other) => isOf(other, one))), ...expiring]
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
