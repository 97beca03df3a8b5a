// Promise 3: a dead destination delays nobody else. Where a destination was never in trouble and the bucket was not
// either, an event is there, or refused for what it is, soon after its object appeared, whatever the others were doing.
import type { Case } from './oracle.ts'
import { HOUR, MINUTE } from './plan.ts'
import { type Occurrence, placeOf } from './truth.ts'

export function judgeDelay(one: Case): void {
  const { destination, truth, server, verdict, plan } = one
  if (!destination.healthy || destination.nature.slow) return
  const boundMs = plan.sweepIntervalMs + 45 * MINUTE
  for (const { occurrences } of truth.events) {
    const [only] = occurrences
    if (only === undefined || occurrences.length > 1 || !isFair(one, only, boundMs)) continue
    const first = server.rows.get(only.event)?.[0] ?? server.refused.get(only.event)?.[0]
    if (first === undefined || first.at > only.object.putAt + boundMs)
      verdict.breaks(`delay: ${destination.id} has ${placeOf(only)} only ${minutes(first?.at, only)} after it appeared`)
  }
}

/** The process lived, and nothing was wrong that may delay. */
function isFair(
  { watch, destination, plan, startOf, now }: Case,
  { object, event }: Occurrence,
  boundMs: number,
): boolean {
  const from = object.putAt - 2 * HOUR
  const to = object.putAt + boundMs
  const home = watch.lives.find((life) => life.from <= from && to <= life.to)
  const filter = home?.life.filters.get(destination.id)
  if (filter === undefined || filter.has(event.action) || to > now) return false
  if (object.goneAt !== undefined || object.time < startOf(object) || object.time < object.putAt - 10 * MINUTE)
    return false
  const bucket = plan.buckets.find(({ name }) => object.source.endsWith(name))
  if (plan.disk.touches(from, to)) return false
  return bucket?.weather.touches(from, to) === false && !plan.skews.some((skew) => skew.from < to && from < skew.to)
}

function minutes(at: number | undefined, { object }: Occurrence): string {
  return at === undefined ? 'not at all, long' : `${Math.round((at - object.putAt) / MINUTE)} min`
}
