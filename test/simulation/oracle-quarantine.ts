// Only what a destination refused for good is in its quarantine, once and with its original bytes. A destination that
// refuses everything for a while may have drawn in a single good one.
import type { QuarantineEntry } from '../../src/ledger/quarantine.ts'
import type { Case } from './oracle.ts'
import { hasLostCopies, isBeyondWindow } from './oracle-repeats.ts'
import { type Occurrence, placeOf, type TrueEvent } from './truth.ts'

/** So many refusals an acceptance confirms without hearing them again. */
const SURE = 1

export function judgeQuarantine(one: Case): void {
  const { verdict, destination } = one
  const kept = new Map<TrueEvent, Occurrence[]>()
  for (const entry of one.entries) {
    const occurrence = find(one, entry)
    if (occurrence === undefined)
      verdict.breaks(
        `quarantine: ${destination.id} has ${entry.object?.key}@${entry.offset}, which is no event's bytes`,
      )
    else kept.set(occurrence.event, [...(kept.get(occurrence.event) ?? []), occurrence])
  }
  for (const [event, occurrences] of kept) {
    if (occurrences.length > 1 && !isBeyondWindow(one, event) && !hasLostCopies(one, event))
      verdict.breaks(`quarantine: ${destination.id} has ${occurrences.map(placeOf).join(' and ')}, one event`)
  }
  judgeGood(one, [...kept.keys()])
}

/** Good records in quarantine: there must have been a time in which everything was refused. */
function judgeGood({ server, verdict, destination }: Case, events: readonly TrueEvent[]): void {
  const drained = new Map<object, number>()
  for (const event of events.filter((each) => !server.poisons(each) && !server.isUnfit(each))) {
    const spells = new Set((server.refused.get(event) ?? []).flatMap(({ spell }) => spell ?? []))
    if (spells.size === 0)
      verdict.breaks(`quarantine: ${destination.id} has event ${event.serial}, which it never refused`)
    for (const spell of spells) drained.set(spell, (drained.get(spell) ?? 0) + 1)
  }
  for (const count of drained.values()) {
    if (count > SURE) verdict.breaks(`quarantine: ${destination.id} drained ${count} good records into quarantine`)
  }
}

function find({ truth }: Case, { object, offset, bytes }: QuarantineEntry): Occurrence | undefined {
  if (object === undefined || bytes === undefined) return undefined
  return truth.find(object.store, object.key, offset, Buffer.from(bytes).toString())
}
