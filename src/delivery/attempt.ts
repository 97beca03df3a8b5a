import type { Exporter, Outcome } from '@circleci-audit-forwarder/contract'
import type { Clock } from '../domain/clock.ts'
import type { Candidate } from './candidate.ts'

/** How long an exporter may take to obey its abort signal before the attempt counts as without an answer. */
export const GRACE_MS = 5_000

/** Given as the reason, because without one every attempt makes an error with a stack that nobody reads. */
const OVER = 'over'

/**
 * One attempt, bounded: aborted at the deadline, and given up shortly after even if the exporter ignores the signal.
 * Never rejects: what an exporter throws is a bug of its own, and the batch may have arrived.
 */
export async function attempt(
  exporter: Exporter,
  members: readonly Candidate[],
  token: string,
  parts: { readonly clock: Clock; readonly attemptMs: number; readonly signal: AbortSignal },
): Promise<Outcome> {
  const records = members.flatMap(({ unsendable }, index) =>
    unsendable === undefined ? [] : [{ index, ...unsendable }],
  )
  if (records.length > 0) return { status: 'rejected', records }
  const deadline = new AbortController()
  const done = new AbortController()
  const { clock, attemptMs } = parts
  const abort = (): void => deadline.abort()
  parts.signal.addEventListener('abort', abort, { once: true })
  const batch = { members: members.map(({ encoded }) => encoded), token, now: clock.now() }
  try {
    return await Promise.race([
      send(exporter, batch, deadline.signal),
      overdue(clock, attemptMs, deadline, done.signal, parts.signal),
    ])
  } finally {
    done.abort(OVER)
    parts.signal.removeEventListener('abort', abort)
  }
}

async function send(exporter: Exporter, batch: Parameters<Exporter['send']>[0], signal: AbortSignal): Promise<Outcome> {
  try {
    return await exporter.send(batch, signal)
  } catch (error) {
    const reason = `the exporter failed: ${error instanceof Error ? error.message : String(error)}`
    return { status: 'retry', ambiguous: true, reason }
  }
}

async function overdue(
  clock: Clock,
  attemptMs: number,
  deadline: AbortController,
  done: AbortSignal,
  stopping: AbortSignal,
): Promise<Outcome> {
  const either = AbortSignal.any([done, stopping])
  await clock.sleep(attemptMs, either)
  deadline.abort()
  await clock.sleep(GRACE_MS, done)
  return { status: 'retry', ambiguous: true, strained: true, reason: `no answer within ${attemptMs} ms` }
}
