// A hole in a stream, in words.

import type { Lack } from '../domain/gaps.ts'
import { WEEKS } from '../domain/gaps-silence.ts'
import type { Hole } from '../domain/gaps-stream.ts'
import { MINUTE_MS } from '../domain/rhythm-curve.ts'
import { duration } from '../telemetry/units.ts'

const WEEKS_OF_YEAR = 52

/** @param now minutes since 1970 */
export function silenceLack(receiver: string, hole: Hole, now: number, ceiling: number | undefined): Lack {
  const { from, to, silence } = hole
  const isOver = to !== undefined
  const until = to ?? now
  const length = duration((until - from) * MINUTE_MS)
  const when = isOver ? `from ${instant(from)} to ${instant(until)} (${length})` : `since ${instant(from)} (${length})`
  const why =
    silence === undefined
      ? `longer than the ${duration((ceiling ?? 0) * MINUTE_MS)} that are allowed`
      : `where new objects are to be expected in about ${Math.round(silence.expected)} minutes of that time; so long a silence comes ${often(silence.working + silence.off)} in this stream`
  return {
    // Found while it lasts, or only when it was over.
    kind: isOver ? 'hour_missing' : 'stream_silent',
    subject: receiver,
    receiver,
    destination: undefined,
    severity: 'critical',
    from: from * MINUTE_MS,
    to: to === undefined ? undefined : to * MINUTE_MS,
    evidence: `nothing new in ${receiver} ${when}, ${why}`,
    facts: {
      silent_from: from,
      ...(silence === undefined
        ? {}
        : { expected_arrivals: Math.round(silence.expected), per_thirteen_weeks: silence.working + silence.off }),
    },
    next: isOver
      ? 'download the audit log of that time from CircleCI as CSV and `import` it: it brings what is missing, or proves that nothing is'
      : 'look at the streaming status in CircleCI (organization settings, security, audit logs) and at who may write to the bucket',
  }
}

/** `about once in 12 years` */
function often(perThirteenWeeks: number): string {
  const weeks = WEEKS / perThirteenWeeks
  if (weeks < WEEKS_OF_YEAR) return `about once in ${Math.round(weeks)} weeks`
  const years = weeks / WEEKS_OF_YEAR
  return years > 1_000 ? 'less than once in 1,000 years' : `about once in ${Math.round(years)} years`
}

function instant(minute: number): string {
  return `${new Date(minute * MINUTE_MS).toISOString().slice(0, 16)}Z`
}
