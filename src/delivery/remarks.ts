// What an outcome says for people: remarks beside a success, reasons of refusals. Counted and told here; nothing is decided
// by it. Exporters come from other packages too: what is no number of records counts as none.
import type { Changes, Remarks } from '@circleci-audit-forwarder/contract'
import type { Clock } from '../domain/clock.ts'
import type { Tell } from '../telemetry/events.ts'
import { encodedBytes, type Flight } from './flight.ts'
import type { Verdict } from './plan.ts'

interface Teller {
  readonly destination: string
  readonly tell: Tell
}

export function tellRemarks({ destination, tell }: Teller, { changed = {}, notice = '' }: Remarks): void {
  const counts = { late: whole(changed.late), early: whole(changed.early), trimmed: whole(changed.trimmed) }
  if (counts.late + counts.early + counts.trimmed > 0) tell({ type: 'records_changed', destination, ...counts })
  if (notice !== '') tell({ type: 'destination_noticed', destination, notice })
}

/** What is certain is final by now; the rest is not. */
export function tellVerdicts(
  { destination, tell }: Teller,
  certain: readonly Verdict[],
  provisional: readonly Verdict[],
): void {
  const summary = (some: readonly Verdict[]) => ({ destination, records: some.length, reason: some[0]?.reason ?? '' })
  if (certain.length > 0) tell({ type: 'records_quarantined', ...summary(certain) })
  if (provisional.length > 0) tell({ type: 'records_refused', ...summary(provisional) })
}

/** Of a batch that was accepted first and confirmed later: each answer may have told a part. */
export function together(one: Changes = {}, other: Changes = {}): Changes {
  const sum = (of: keyof Changes): number => whole(one[of]) + whole(other[of])
  return { late: sum('late'), early: sum('early'), trimmed: sum('trimmed') }
}

function whole(records: number | undefined): number {
  return Number.isSafeInteger(records) ? Math.max(0, records ?? 0) : 0
}

/** So many records of a flight are stored. */
export function tellDelivery(
  { tell, destination, clock }: { readonly tell: Tell; readonly destination: string; readonly clock: Clock },
  { members = [], intent, formedAt }: Flight,
  records: number,
): void {
  const now = clock.now()
  const oldest = members.reduce((time, { at }) => Math.min(time, at), now)
  const own = members.filter((member) => member.own).length
  const timing = { attempts: intent.attempts + 1, durationMs: now - formedAt, lagMs: now - oldest }
  tell({ type: 'batch_delivered', destination, records, own, bytes: encodedBytes(members), ...timing })
}
