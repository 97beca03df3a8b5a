// An exporter that sends only while this process may. The question is asked right before each attempt, because a process
// that was stopped and wakes goes on where it was, before any timer or signal has told it that its time is over. What it
// had begun is cut off when its time ends, and counts as a lost answer.
import type { Exporter, Outcome } from '@circleci-audit-forwarder/contract'
import type { Fence } from '../domain/fence.ts'
import { around } from './around.ts'

const refused: Outcome = { status: 'retry', reason: 'not sent: another replica may own the sending by now' }

/** The same exporter, whose `send` begins nothing when the fence does not hold. */
export function fenced(exporter: Exporter, fence: Fence): Exporter {
  return around(exporter, {
    send: async (batch, signal) =>
      fence.holds() ? exporter.send(batch, AbortSignal.any([signal, fence.over])) : refused,
  })
}
