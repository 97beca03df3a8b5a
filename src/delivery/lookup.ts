import type { Exporter } from '@circleci-audit-forwarder/contract'
import type { Clock } from '../domain/clock.ts'
import type { Candidate } from './candidate.ts'

export interface LookUpParts {
  readonly exporter: Exporter
  readonly clock: Clock
  readonly attemptMs: number
  readonly signal: AbortSignal
}

/**
 * Which members of a batch the destination holds already (indexes), as far as it can be asked: those that are not to be
 * had (undefined) or cannot be encoded are in no answer. Fails, in words, if it does not answer or not in time.
 */
export async function lookUp(
  members: readonly (Candidate | undefined)[],
  token: string,
  { exporter, clock, attemptMs, signal }: LookUpParts,
): Promise<readonly number[]> {
  const asked = [...members.entries()].flatMap(([index, member]) =>
    member === undefined || member.unsendable !== undefined ? [] : [{ index, encoded: member.encoded }],
  )
  if (asked.length === 0) return []
  const done = new AbortController()
  const batch = { members: asked.map(({ encoded }) => encoded), token, now: clock.now() }
  try {
    const answer = exporter.stored?.(batch, AbortSignal.any([signal, done.signal]))
    const stored = await Promise.race([answer, clock.sleep(attemptMs, done.signal).then(tooLate)])
    // A member named twice would be settled twice, which the ledger refuses at every try.
    return [...new Set(stored)].flatMap((at) => asked[at]?.index ?? [])
  } catch (error) {
    throw new Error(`cannot ask what is stored: ${error instanceof Error ? error.message : String(error)}`)
  } finally {
    done.abort()
  }
}

function tooLate(): never {
  throw new Error('no answer in time')
}
