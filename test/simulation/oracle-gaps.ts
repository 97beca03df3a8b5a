// What is said to be missing, against what is. At rest all that was lost is in a gap, and no gap is of anything that was not;
// what only lasted is over. A world is too young for a rhythm, so whoever speaks of silence in it cries wolf.
import type { Gap, GapKind } from '../../src/domain/gaps.ts'
import type { QuarantineEntry } from '../../src/ledger/quarantine.ts'
import type { Case, OracleParts } from './oracle.ts'

/** What nothing in a world explains. */
const never: ReadonlySet<GapKind> = new Set(['stream_silent', 'hour_missing', 'expected_missing', 'events_missing'])
/** What is over when everything works and has been dealt with. */
const passing: ReadonlySet<GapKind> = new Set([
  'source_unreachable',
  'object_archived',
  'delivery_behind',
  'buffer_expiring',
])
const losses: ReadonlySet<GapKind> = new Set(['object_vanished', 'object_expired'])

export function judgeGaps({ plan, ledger, verdict }: OracleParts): void {
  if (plan.watched !== true) return
  for (const gap of ledger.watch.gaps({ closed: 10_000 })) {
    if (never.has(gap.kind)) verdict.breaks(`gaps: ${named(gap)} was opened, and nothing tells of a silence`)
    if (passing.has(gap.kind) && gap.closed === undefined)
      verdict.breaks(`gaps: ${named(gap)} is open, and everything has been dealt with`)
  }
}

/** One destination's: losses, and what it refused. */
export function judgeGapsOf(one: Case, entries: readonly QuarantineEntry[]): void {
  const { plan, ledger, destination } = one
  if (plan.watched !== true) return
  const mine = ledger.watch.gaps({ closed: 10_000 }).filter((gap) => gap.destination === destination.id)
  judgeLosses(one, mine)
  // Whoever is configured no more is asked no more.
  if (plan.lives[plan.lives.length - 1]?.filters.has(destination.id)) judgeRefused(one, mine, entries)
}

function judgeLosses({ watch, verdict, destination }: Case, gaps: readonly Gap[]): void {
  const told = gaps.filter(({ kind }) => losses.has(kind))
  const lost = [...(watch.lostAt.get(destination.id)?.keys() ?? [])]
  for (const { key, time } of lost)
    if (!told.some(({ from, to }) => from <= time && time <= (to ?? Number.POSITIVE_INFINITY)))
      verdict.breaks(`gaps: ${key} is lost to ${destination.id}, and no gap says so`)
  for (const gap of told)
    if (!lost.some(({ time }) => gap.from <= time && time <= (gap.to ?? Number.POSITIVE_INFINITY)))
      verdict.breaks(`gaps: ${named(gap)} was opened, and nothing of that time is lost`)
}

function judgeRefused({ verdict, destination }: Case, gaps: readonly Gap[], entries: readonly QuarantineEntry[]): void {
  const isOpen = gaps.some(({ kind, closed }) => kind === 'quarantined' && closed === undefined)
  const held = entries.filter(({ provisional, replay }) => !provisional && replay === undefined).length
  if (held > 0 && !isOpen) verdict.breaks(`gaps: ${held} records that ${destination.id} refused are in no gap`)
  if (held === 0 && isOpen) verdict.breaks(`gaps: nothing that ${destination.id} refused is kept, and its gap is open`)
}

function named({ kind, subject, from, evidence }: Gap): string {
  return `${kind} (${subject}) from ${new Date(from).toISOString()}: ${evidence}`
}
