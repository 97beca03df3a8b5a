import type { Exporter, Held, Stopped } from '@circleci-audit-forwarder/contract'
import type { Clock } from '../domain/clock.ts'
import type { Candidate } from './candidate.ts'
import type { Flight } from './flight.ts'
import type { Plan } from './plan.ts'

export interface LookUpParts {
  readonly exporter: Exporter
  readonly clock: Clock
  readonly attemptMs: number
  readonly signal: AbortSignal
}

/**
 * Which members of a batch the destination holds already (indexes), as far as it can be asked: those that are not to be
 * had (undefined) or cannot be encoded are in no answer. Fails, in words, if it does not answer or not in time; where it
 * cannot be asked until someone mends it, that is the answer.
 */
export async function lookUp(
  members: readonly (Candidate | undefined)[],
  token: string,
  { exporter, clock, attemptMs, signal }: LookUpParts,
): Promise<Held> {
  const asked = [...members.entries()].flatMap(([index, member]) =>
    member === undefined || member.unsendable !== undefined ? [] : [{ index, encoded: member.encoded }],
  )
  if (asked.length === 0) return []
  const done = new AbortController()
  const batch = { members: asked.map(({ encoded }) => encoded), token, now: clock.now() }
  try {
    const answer = exporter.stored?.(batch, AbortSignal.any([signal, done.signal]))
    const stored = await Promise.race([answer, clock.sleep(attemptMs, done.signal).then(tooLate)])
    if (stored !== undefined && isStopped(stored)) return stored
    // A member named twice would be settled twice, which the ledger refuses at every try.
    return [...new Set(stored)].flatMap((at) => asked[at]?.index ?? [])
  } catch (error) {
    throw new Error(`cannot ask what is stored: ${error instanceof Error ? error.message : String(error)}`)
  } finally {
    done.abort()
  }
}

/** What follows from what is stored of a batch, or from why nobody says so. */
export async function asked(
  flight: Flight,
  parts: LookUpParts,
  follow: (stored: readonly number[]) => Plan | undefined,
): Promise<Plan | undefined> {
  try {
    const held = await lookUp(flight.members ?? [], flight.intent.token, parts)
    flight.unasked = isStopped(held)
    return isStopped(held) ? { kind: 'stop', cause: held.cause, reason: held.reason } : follow(held)
  } catch (error) {
    return { kind: 'retry', reason: error instanceof Error ? error.message : String(error), ambiguous: false }
  }
}

/** Whether that is no list. */
export function isStopped(held: Held): held is Stopped {
  return 'status' in held
}

function tooLate(): never {
  throw new Error('no answer in time')
}
