// Promises 4 and 5: a repeat only for a batch whose answer was lost or which was stored in part, none at all where the
// destination deduplicates, and copies delivered once.
import type { Case } from './oracle.ts'
import { HOUR } from './plan.ts'
import type { Attempt, StoredRow } from './server.ts'
import { placeOf, type TrueEvent } from './truth.ts'

export function judgeRepeats(one: Case): void {
  for (const [event, rows] of one.server.rows) {
    const unexcused = rows
      .slice(0, -1)
      .filter((row, index) => !isAllowed(one, event, row, rows[index + 1] as StoredRow))
    if (unexcused.length === 0) continue
    const places = rows.map(({ occurrence, attempt }) => `${placeOf(occurrence)} (#${attempt.number})`).join(', ')
    one.verdict.breaks(`repeat: ${one.destination.id} has event ${event.serial} ${rows.length} times: ${places}`)
  }
}

function isAllowed(one: Case, event: TrueEvent, row: StoredRow, repeat: StoredRow): boolean {
  const { operator, destination } = one
  if (operator.mayRepeat(destination.id, repeat.occurrence.object, row.at, repeat.at)) return true
  if (hasLostCopies(one, event) || isBeyondWindow(one, event)) return true
  return one.server.nature.exactlyOnce ? isMisdated(one, row, repeat) : isExcused(one, row.attempt)
}

/** The clock was set back and the process started anew: a batch may then look younger than the server's window. */
function isMisdated({ watch, plan }: Case, row: StoredRow, repeat: StoredRow): boolean {
  const isBetween = (moment: number): boolean => row.at - HOUR <= moment && moment <= repeat.at
  const setBack = plan.skews.some(({ ms, from, to }) => isBetween(ms < 0 ? from : to))
  return setBack && watch.lives.some(({ to }) => isBetween(to))
}

/** The process could not know that the batch was stored completely. */
function isExcused(one: Case, attempt: Attempt): boolean {
  const { heard, confirmedAt } = attempt
  if (heard === undefined) return true
  if (heard.outcome === 'accepted') return confirmedAt === undefined || mayBeForgotten(one, confirmedAt)
  return heard.outcome !== 'delivered' || mayBeForgotten(one, heard.at)
}

/** It could not be written down, or what was written was lost. */
function mayBeForgotten({ watch, plan }: Case, heardAt: number): boolean {
  return plan.disk.touches(heardAt, heardAt + 1) || watch.mayBeForgotten(heardAt)
}

/** What is lost in one object is delivered from another, and nobody can say whether it had arrived from the first. */
export function hasLostCopies({ watch, destination }: Case, { occurrences }: TrueEvent): boolean {
  return occurrences.some(({ object }) => watch.lostAt.get(destination.id)?.has(object) === true)
}

/** Ids are remembered for a while below the oldest undecided object. */
export function isBeyondWindow({ watch, plan }: Case, { occurredAt, occurrences }: TrueEvent): boolean {
  if (occurrences.length < 2) return false
  const seen = occurrences.map(({ object }) => watch.seen.get(object) ?? 0)
  return Math.max(...seen) - plan.deduplicationMs + 2 * 3_600_000 > occurredAt
}
