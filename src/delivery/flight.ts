import type { Outcome, Remarks } from '@circleci-audit-forwarder/contract'
import type { Intent } from '../ledger/intents.ts'
import type { Candidate } from './candidate.ts'

/** An open intent in the lane's memory. */
export interface Flight {
  intent: Intent
  /** In the intent's order. Undefined after a restart, until they are read again. */
  members: readonly Candidate[] | undefined
  /** Waiting for its due time, being sent, or accepted and awaiting the destination's word. */
  state: 'waiting' | 'sending' | 'awaiting'
  dueAt: number
  /** Refusals in a row that were put off because the batch may be there already. */
  deferred: number
  receipt: string | undefined
  /** What was changed in what was accepted: told once it has arrived. */
  changed: Remarks['changed'] | undefined
  /** The destination's answer, until the ledger has it: a batch is not sent again because the disk is full. */
  answer: Outcome | undefined
  /** The destination may have stored it, and cannot be asked until someone mends that. */
  unasked: boolean
  /** Memory the members hold. */
  bytes: number
  /** How often in a row each object was found to lack a member, while the members were read again. */
  readonly lacking: Map<number, number>
  /** The clock was set back while it was open: nobody knows how old it is. */
  clockDoubted: boolean
  /** When the members were formed: the duration told on delivery counts from here. */
  readonly formedAt: number
}

export function flight(intent: Intent, members: readonly Candidate[] | undefined, now: number): Flight {
  const bytes = members === undefined ? 0 : weight(members)
  return {
    intent,
    members,
    state: 'waiting',
    dueAt: intent.dueAt,
    deferred: 0,
    receipt: undefined,
    changed: undefined,
    answer: undefined,
    unasked: false,
    bytes,
    lacking: new Map(),
    clockDoubted: false,
    formedAt: now,
  }
}

/** Memory one member holds. */
export function weightOf({ encoded, original }: Candidate): number {
  return encoded.bytes.byteLength + original.length
}

/** Memory the members hold: their encoded bytes and their original text. */
export function weight(members: readonly Candidate[]): number {
  return members.reduce((sum, member) => sum + weightOf(member), 0)
}

/** Encoded bytes of the members, before compression. */
export function encodedBytes(members: readonly Candidate[]): number {
  return members.reduce((sum, { encoded }) => sum + encoded.bytes.byteLength, 0)
}
