// What is in quarantine and stays there: records that a destination refused for good, and stretches of objects that are no
// event. They are kept, byte for byte, and nothing of them is lost; but somebody must look.
import type { Lack } from '../domain/gaps.ts'
import type { QuarantineCount, WatchLedger } from '../ledger/watch.ts'
import { count } from '../telemetry/units.ts'

/** Whose gap it is where no destination refused it. */
export const nobody = 'quarantine'

export function quarantineLacks(ledger: Pick<WatchLedger, 'quarantined'>): readonly Lack[] {
  return ledger.quarantined().map(quarantineLack)
}

function quarantineLack({ destination, entries, more, since, reason }: QuarantineCount): Lack {
  const many = more ? `more than ${entries}` : String(entries)
  const isRefused = destination !== undefined
  return {
    kind: isRefused ? 'quarantined' : 'object_unreadable',
    subject: destination ?? nobody,
    receiver: undefined,
    destination,
    severity: 'warning',
    from: since,
    to: undefined,
    evidence: isRefused
      ? `${destination} refused ${more ? many : count(entries, 'record')}${more ? ' records' : ''} for good; the first: ${reason}`
      : `${more ? `${many} stretches` : count(entries, 'stretch', 'stretches')} of objects or messages cannot be read as events; the first: ${reason}`,
    facts: { entries, reason },
    next: isRefused
      ? `\`quarantine list --destination ${destination}\`; mend the cause, then \`quarantine replay\``
      : '`quarantine list` and `quarantine show`: if they are events after all, report it; else acknowledge',
  }
}
