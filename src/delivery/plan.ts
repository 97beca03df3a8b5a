// What follows from an outcome, as a pure function: the whole of a destination's policy on one page. The lane carries
// plans out and decides nothing. Rejected: letting each exporter retry or bisect for itself, because then nobody can
// say in one place what may be sent twice.
import type { Outcome, Remarks, StopCause } from '@circleci-audit-forwarder/contract'

export type Plan =
  /** The intent ends. Members in no list return to due. Parts become intents of their own. */
  | {
      readonly kind: 'resolve'
      readonly delivered: 'all' | readonly number[]
      readonly refused: readonly Verdict[]
      readonly parts: readonly (readonly number[])[]
      readonly possibleDuplicates: number
      readonly reason: string
      /** What is delivered was stored by an earlier attempt: that says nothing about what the destination takes now. */
      readonly recalled?: boolean
      readonly remarks?: Remarks
    }
  | {
      readonly kind: 'retry'
      readonly reason: string
      readonly ambiguous: boolean
      readonly retryAfterMs?: number
      readonly strained?: boolean
      readonly deferred?: boolean
    }
  | { readonly kind: 'await'; readonly receipt: string; readonly pollAfterMs: number; readonly remarks: Remarks }
  | { readonly kind: 'stop'; readonly cause: StopCause; readonly reason: string }
  /** Which members are there already must be asked before the refusal can be applied. */
  | { readonly kind: 'ask'; readonly outcome: Refusal }

/** What was said of one member. `certain`: known without asking the destination, so it proves nothing about the destination. */
export interface Verdict {
  readonly member: number
  readonly reason: string
  readonly certain?: boolean
}

/** Outcomes that say no to some or all of a batch. */
export type Refusal = Extract<Outcome, { status: 'split' | 'rejected' | 'unreadable' }>

export interface Sent {
  /** How many members the batch has. */
  readonly members: number
  /** An earlier attempt may have been stored. */
  readonly ambiguous: boolean
  /** The exporter can be asked what is stored. */
  readonly askable: boolean
  /** Refusals in a row that were put off because of the ambiguity. */
  readonly deferred: number
}

/** A frozen batch that is too large is tried so often as it is before it is halved at the risk of repeats. */
const PATIENCE = 5

export function plan(outcome: Outcome, sent: Sent): Plan {
  switch (outcome.status) {
    case 'delivered':
      return resolve({ delivered: 'all', remarks: remarksOf(outcome) })
    case 'accepted':
      return awaiting(outcome)
    case 'retry':
      return { kind: 'retry', ambiguous: false, ...rest(outcome) }
    case 'stopped':
      return { kind: 'stop', cause: outcome.cause, reason: outcome.reason }
    case 'split':
    case 'rejected':
    case 'unreadable':
      return refusal(outcome, sent)
  }
}

function awaiting(outcome: Extract<Outcome, { status: 'accepted' }>): Plan {
  const { receipt, pollAfterMs } = outcome
  return { kind: 'await', receipt, pollAfterMs, remarks: remarksOf(outcome) }
}

function remarksOf({ changed, notice }: Remarks): Remarks {
  return { ...(changed !== undefined && { changed }), ...(notice !== undefined && { notice }) }
}

function rest(outcome: Extract<Outcome, { status: 'retry' }>): Omit<typeof outcome, 'status'> {
  const { status: _, ...others } = outcome
  return others
}

function refusal(outcome: Refusal, sent: Sent): Plan {
  if (!sent.ambiguous) return apply(outcome, range(sent.members), takenBy(outcome))
  if (sent.askable) return { kind: 'ask', outcome }
  // Membership is frozen: an earlier attempt of just these members may have been stored under this token.
  const frozen = outcome.status === 'split' && sent.deferred < PATIENCE
  if (frozen) return { kind: 'retry', reason: outcome.reason, ambiguous: false, deferred: true }
  return apply(outcome, range(sent.members), sent.members)
}

/** So many records a refusal left stored: whichever they are, they go again with the rest. */
function takenBy(outcome: Refusal): number {
  return outcome.status === 'split' ? 0 : (outcome.taken ?? 0)
}

/** What follows once the destination has said which members it holds. */
export function planAnswered(outcome: Refusal, sent: Sent, stored: readonly number[]): Plan {
  return planRecalled(reasonOf(outcome), sent, stored) ?? apply(outcome, range(sent.members), 0)
}

/** What follows from what an earlier attempt had stored; undefined if it had stored nothing. */
export function planRecalled(reason: string, sent: Sent, stored: readonly number[]): Plan | undefined {
  const there = new Set(stored)
  const missing = range(sent.members).filter((member) => !there.has(member))
  if (missing.length === sent.members) return undefined
  // What is missing goes again by itself, and is refused there if it is to be refused.
  const delivered = range(sent.members).filter((member) => there.has(member))
  return resolve({ delivered, parts: [missing], reason, recalled: true })
}

export interface Age {
  /** An attempt may have been stored, and the exporter can be asked. */
  readonly ambiguous: boolean
  readonly askable: boolean
  /** Since before the first attempt, by the wall clock, which may have been set back meanwhile. */
  readonly ageMs: number
  readonly clockDoubted: boolean
  /** How long the next attempt may take to get there. */
  readonly attemptMs: number
  /** For how long the destination recognises a token. */
  readonly windowMs: number
}

/** Whether the destination may have forgotten what it stored: then it is asked before the batch is sent again. */
export function isToBeAsked({ ambiguous, askable, ageMs, clockDoubted, attemptMs, windowMs }: Age): boolean {
  return ambiguous && askable && (clockDoubted || ageMs < 0 || ageMs + attemptMs >= windowMs)
}

function apply(outcome: Refusal, members: readonly number[], possibleDuplicates: number): Plan {
  const reason = reasonOf(outcome)
  const named = outcome.status === 'rejected' ? unique(outcome.records, members) : []
  if (named.length > 0) {
    const others = members.filter((member) => !named.some(({ index }) => index === member))
    // Only what goes again can be there twice.
    const repeated = Math.min(possibleDuplicates, others.length)
    return resolve({ refused: named.map(verdict), parts: [others], possibleDuplicates: repeated, reason })
  }
  const [only] = members
  if (members.length === 1 && only !== undefined) return resolve({ refused: [{ member: only, reason }], reason })
  const half = Math.ceil(members.length / 2)
  return resolve({ parts: [members.slice(0, half), members.slice(half)], possibleDuplicates, reason })
}

function resolve(some: Partial<Extract<Plan, { kind: 'resolve' }>>): Plan {
  const whole = { delivered: [], refused: [], parts: [], possibleDuplicates: 0, reason: '', ...some }
  return { kind: 'resolve', ...whole, parts: whole.parts.filter((part) => part.length > 0) }
}

type Records = Extract<Outcome, { status: 'rejected' }>['records']

/** A refusal that names nobody, or members the batch does not have, says nothing about whom: it is bisected. */
function unique(records: Records, members: readonly number[]): Records {
  const known = new Map(records.filter(({ index }) => members.includes(index)).map((record) => [record.index, record]))
  return [...known.values()]
}

function verdict({ index, reason, certain }: Records[number]): Verdict {
  return { member: index, reason, ...(certain === true && { certain }) }
}

function reasonOf(outcome: Refusal): string {
  return outcome.status === 'rejected' ? (outcome.records[0]?.reason ?? 'records refused') : outcome.reason
}

function range(length: number): readonly number[] {
  return Array.from({ length }, (_, index) => index)
}
