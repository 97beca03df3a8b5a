// What is outstanding and has used half of its time in the bucket. It has a cause, and that cause mostly is a gap already: a
// destination is behind, or a source cannot be read. This is not another trouble but the same one, with a deadline; so it is an
// alarm of its own that names its cause, and takes the place of what said that destinations wait. A destination that waits is
// told by itself; where what they wait for is one source, that is one gap of the source's receiver and not one of each.
import { type Gap, isSameCause, type Lack } from '../domain/gaps.ts'
import type { Account } from '../ledger/accounts.ts'
import { count, duration } from '../telemetry/units.ts'

/** The share of its time that opens the gap, and the one below which it is over. */
const URGENT = 0.5
const CALM = 0.4
/** What of an id is enough to find a gap by. */
const SHORT_ID = 8

export interface ExpiringLimits {
  /** How long a receiver's objects stay in its bucket. */
  readonly retentionMs: (receiver: string) => number | undefined
  /** Whether another gap says already why an object waits. */
  readonly isExplained: (account: Account) => boolean
  /** Gaps of this kind that are not over. */
  readonly expiring: readonly Gap[]
}

type Route = { readonly receiver: string | undefined; readonly destination: string | undefined }
type Oldest = NonNullable<Account['oldest']>

export function subjectOf({ destination, receiver }: Pick<Account, 'destination' | 'receiver'>): string {
  return `${destination} from ${receiver}`
}

/** Whether what is about to expire is this destination's, or everybody's and so this one's, too. */
export function isOf({ receiver, destination }: Route, one: Route): boolean {
  return receiver === one.receiver && (destination === undefined || destination === one.destination)
}

/** What is about to expire, one for each destination or, where one source is the reason, for each receiver. */
export function expiringLacks(accounts: readonly Account[], limits: ExpiringLimits, now: number): readonly Lack[] {
  const due = accounts.flatMap((account) => {
    const { oldest } = account
    const known = openOf(account, limits.expiring)
    const kept = limits.retentionMs(account.receiver)
    const share = known === undefined ? URGENT : CALM
    if (oldest === undefined || kept === undefined || now - oldest.time <= kept * share) return []
    // Whom it was told of first it stays with: another gap would be another alarm.
    const isShared = known === undefined ? limits.isExplained(account) : known.destination === undefined
    return [{ account, oldest, kept, subject: isShared ? account.receiver : subjectOf(account) }]
  })
  const bySubject = Map.groupBy(due, ({ subject }) => subject)
  return [...bySubject].map(([subject, all]) => expiringLack(subject, all, now))
}

function openOf(account: Account, open: readonly Gap[]): Gap | undefined {
  return open.find(({ subject }) => subject === subjectOf(account)) ?? open.find((gap) => isOf(gap, account))
}

interface Due {
  readonly account: Account
  readonly oldest: Oldest
  readonly kept: number
}

function expiringLack(subject: string, all: readonly Due[], now: number): Lack {
  const [first] = all.toSorted((a, b) => a.oldest.time - b.oldest.time) as [Due]
  const { account, oldest, kept } = first
  const isShared = subject === account.receiver
  const who = all.map(({ account: { destination } }) => destination).join(', ')
  const objects = Math.max(...all.map(({ account: { outstanding } }) => outstanding))
  const reason = account.stop?.reason ?? oldest.reason
  const left = oldest.time + kept - now
  const expiry = left > 0 ? `it will be gone in ${duration(left)}` : 'its time is up'
  const why = reason === undefined ? '' : `; ${reason}`
  return {
    kind: 'buffer_expiring',
    subject,
    receiver: account.receiver,
    destination: isShared ? undefined : account.destination,
    severity: 'critical',
    from: oldest.time,
    to: undefined,
    evidence: `${who}: the oldest of ${count(objects, 'outstanding object')} of ${account.receiver} has used more than half of the ${duration(kept)} that the bucket keeps it; ${expiry}${why}`,
    facts: {
      objects,
      retention_seconds: Math.round(kept / 1000),
      oldest_key: oldest.key,
      ...(reason === undefined ? {} : { reason }),
    },
    next: `make the bucket keep objects for longer now, then ${isShared ? 'mend what they wait for' : `find out why ${who} does not take them`}`,
  }
}

/** The same with its cause named: the one it had when it was opened, else the gap that said so far that somebody waits. */
export function causeNamed(lack: Lack, open: readonly Gap[]): Lack {
  const before = open.find((gap) => isSameCause(gap, lack))
  const { cause, cause_kind: kind } = before === undefined ? named(open, lack) : before.facts
  if (cause === undefined || kind === undefined) return lack
  return {
    ...lack,
    evidence: `${lack.evidence}; it follows from ${kind} (gap ${String(cause).slice(0, SHORT_ID)})`,
    facts: { ...lack.facts, cause, cause_kind: kind },
  }
}

function named(open: readonly Gap[], lack: Lack): { readonly cause?: string; readonly cause_kind?: string } {
  const cause = causeOf(open, lack)
  return cause === undefined ? {} : { cause: cause.id, cause_kind: cause.kind }
}

function causeOf(open: readonly Gap[], lack: Lack): Gap | undefined {
  if (lack.destination === undefined) return sourceOf(open, lack.receiver)
  return open.find((gap) => gap.kind === 'delivery_behind' && isOf(lack, gap))
}

/** A bucket that cannot be listed or read. A queue that cannot be received from keeps nobody waiting: the sweep goes on. */
export function isBlindness({ kind, severity }: Pick<Lack, 'kind' | 'severity'>): boolean {
  return kind === 'source_unreachable' && severity === 'critical'
}

/** The gap that says why all destinations of a receiver wait, the worst first. */
function sourceOf(open: readonly Gap[], receiver: string | undefined): Gap | undefined {
  const mine = open.filter((gap) => gap.receiver === receiver)
  return mine.find(isBlindness) ?? mine.find(({ kind }) => kind === 'object_unreadable' || kind === 'object_archived')
}

/** Why it is told no more that a destination is behind, although it has not caught up. Undefined if it has. */
export function whyOvertaken(behind: Gap, open: readonly Gap[], isExplained: boolean): string | undefined {
  const urgent = open.find((gap) => gap.kind === 'buffer_expiring' && isOf(gap, behind))
  if (urgent !== undefined) return `it has become more urgent: ${urgent.kind} (gap ${urgent.id.slice(0, SHORT_ID)})`
  const source = isExplained ? sourceOf(open, behind.receiver) : undefined
  return source && `what it waits for is told of as ${source.kind} (gap ${source.id.slice(0, SHORT_ID)})`
}
