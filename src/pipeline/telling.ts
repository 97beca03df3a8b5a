import { LedgerFailure } from '../ledger/failure.ts'
import type { Tell } from '../telemetry/events.ts'

/**
 * A ledger that cannot be written is the disk's fault and not the program's, and it comes up wherever something is to be
 * kept: in lanes, feeds and housekeeping, all of which wait and try again. Said here as what it is, once for all of them.
 */
export function namingFailures(tell: Tell): Tell {
  return (event) => {
    if (event.type === 'bug' && event.error instanceof LedgerFailure) tell(ledgerFailed(event.where, event.error))
    else tell(event)
  }
}

/** What is told of it. */
export function ledgerFailed(doing: string, { message, hint }: LedgerFailure): Parameters<Tell>[0] {
  return { type: 'ledger_failed', doing, reason: message, hint }
}
