// An exporter that sends only while this process may. The question is asked right before each attempt, because a process
// that was stopped and wakes goes on where it was, before any timer or signal has told it that its time is over. What it
// had begun is cut off when its time ends, and counts as a lost answer.
import type { Batch, Exporter, Outcome } from '@circleci-audit-forwarder/contract'
import type { Fence } from '../domain/fence.ts'

const refused: Outcome = { status: 'retry', reason: 'not sent: another replica may own the sending by now' }

/** The same exporter, whose `send` begins nothing when the fence does not hold. */
export function fenced(exporter: Exporter, fence: Fence): Exporter {
  const send = async (batch: Batch, signal: AbortSignal): Promise<Outcome> =>
    fence.holds() ? exporter.send(batch, AbortSignal.any([signal, fence.over])) : refused
  return new Proxy(exporter, {
    get(target, name) {
      if (name === 'send') return send
      const value: unknown = Reflect.get(target, name, target)
      return typeof value === 'function' ? value.bind(target) : value
    },
  })
}
