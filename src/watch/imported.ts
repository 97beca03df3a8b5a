// What a file downloaded from CircleCI proves. It is the only other witness there is: what it has and the stream has not was
// lost on the way, and where it has nothing either nothing happened. So a file closes the silences it covers, and opens
// what nobody had noticed.
import type { Gap, ImportSymptom, Lack } from '../domain/gaps.ts'
import { count } from '../telemetry/units.ts'

/** Events are written some minutes after they occurred. */
const LATENCY_MS = 15 * 60_000

/** Whether the gap is a silence whose whole time the file covers. */
export function isCovered({ kind, receiver, from, to }: Gap, file: ImportSymptom): boolean {
  if (kind !== 'stream_silent' && kind !== 'hour_missing') return false
  return receiver === file.receiver && to !== undefined && file.from <= from && to <= file.to
}

/** Why a covered silence is over; undefined if it is not. */
export function whyClosed({ from, to }: Gap, file: ImportSymptom): string | undefined {
  const inside = file.intervals.filter((one) => one.from < (to ?? one.to) && one.to > from - LATENCY_MS)
  const events = inside.reduce((sum, one) => sum + one.events, 0)
  if (events === 0) return `${file.name}, downloaded from CircleCI, has no event of that time that is not here`
  return file.forwarded ? `${count(events, 'event')} of that time imported from ${file.name}` : undefined
}

/** What the stream lacks that no silence explains. Undefined if there is nothing. */
export function missing(file: ImportSymptom, silences: readonly Gap[]): Lack | undefined {
  const explained = (one: ImportSymptom['intervals'][number]) =>
    silences.some(({ from, to }) => one.from >= from - LATENCY_MS && one.to <= (to ?? Number.POSITIVE_INFINITY))
  const left = file.intervals.filter((one) => !explained(one))
  const listed = left.reduce((sum, one) => sum + one.events, 0)
  // Not all intervals may be listed: what is not is explained by nothing.
  const events = listed + file.lacking - file.intervals.reduce((sum, one) => sum + one.events, 0)
  if (events <= 0) return undefined
  const first = left[0]
  const last = left[left.length - 1]
  return {
    kind: 'events_missing',
    subject: file.receiver,
    receiver: file.receiver,
    destination: undefined,
    severity: 'critical',
    from: first?.from ?? file.from,
    to: last?.to ?? file.to,
    evidence: `${file.name} has ${count(events, 'event')} that the stream of ${file.receiver} never brought, in ${count(left.length, 'interval')}`,
    facts: { events, intervals: left.length },
    next: file.forwarded
      ? 'nothing is missing any more; ask CircleCI why its stream lost them'
      : '`import` the file without --dry-run, and ask CircleCI why its stream lost them',
  }
}
