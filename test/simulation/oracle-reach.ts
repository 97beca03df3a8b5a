// Promise 1: nothing leaves in silence. Every event a destination should have is there, in its quarantine, withheld by a
// filter that was in force, or named as lost because the bucket lost it first.
import type { Case } from './oracle.ts'
import { isBeyondWindow } from './oracle-repeats.ts'
import type { Attempt, StoredRow } from './server.ts'
import { type Occurrence, placeOf, type TrueEvent, type TrueObject } from './truth.ts'

export function judgeReach(one: Case): void {
  for (const event of one.truth.events) {
    const wanted = event.occurrences.filter((occurrence) => isWanted(one, occurrence))
    const rows = one.server.rows.get(event)
    if (rows === undefined) judgeAbsent(one, event, wanted)
    else if (one.operator.mends) judgeForced(one, event, rows)
    else judgePresent(one, event, wanted)
  }
}

/** What was forced in the end was sent once more, unless today's filters withhold it or it cannot be had any more. */
function judgeForced(one: Case, event: TrueEvent, rows: readonly StoredRow[]): void {
  const { operator, destination, watch, verdict, entries } = one
  const forcedAt = operator.forcedAt(destination.id)
  if (forcedAt === undefined || rows.some(({ at }) => at >= forcedAt)) return
  const isGone = event.occurrences.some(({ object }) => object.goneAt !== undefined)
  const isWithheld = watch.lives.at(-1)?.life.filters.get(destination.id)?.has(event.action) === true
  const isKept = entries.some(({ object, offset }) => {
    return event.occurrences.some((it) => it.offset === offset && it.object.key === object?.key)
  })
  if (isGone || isWithheld || isKept || isBeyondWindow(one, event)) return
  verdict.breaks(`forced: ${destination.id} was not sent ${name(event)} once more`)
}

function judgePresent(
  { server, startOf, verdict, watch, destination }: Case,
  event: TrueEvent,
  wanted: readonly Occurrence[],
) {
  for (const { occurrence } of server.rows.get(event) ?? []) {
    if (occurrence.object.time < startOf(occurrence.object))
      verdict.breaks(`start: ${destination.id} has ${placeOf(occurrence)}, older than its start`)
  }
  const seenAt = Math.min(...wanted.map(({ object }) => watch.seen.get(object) ?? Number.POSITIVE_INFINITY))
  const lives = watch.lives.filter(({ life, to }) => to >= seenAt && life.filters.has(destination.id))
  if (lives.length > 0 && lives.every(({ life }) => life.filters.get(destination.id)?.has(event.action) === true))
    verdict.breaks(`filters: ${destination.id} has ${name(event)}, which every filter withheld`)
}

function judgeAbsent(one: Case, event: TrueEvent, wanted: readonly Occurrence[]): void {
  const { server, verdict, destination, watch, entries } = one
  const present = wanted.filter(({ object }) => watch.lostAt.get(destination.id)?.has(object) !== true)
  if (present.length === 0) return
  // What filters withheld was asked for in the end, unless all was decided anew after that.
  const isForced = one.operator.forcedAt(destination.id) !== undefined
  const isReleased = !isForced && wanted.every(({ object }) => one.operator.hasReleased(object))
  if (!isReleased && mayBeWithheld(one, event, wanted)) return
  const kept = entries.some(({ object, offset }) =>
    event.occurrences.some(
      (it) => it.offset === offset && it.object.key === object?.key && it.object.source === object.store,
    ),
  )
  if (kept) return
  const isRefused = server.poisons(event) || server.isUnfit(event)
  const why = isRefused ? 'is refused for ever and not in quarantine' : 'never reached it'
  verdict.breaks(`lost in silence: ${destination.id}: ${name(event)} (${event.action}) ${why}`)
}

/** A record is withheld by the filter that was in force when it was first to join a batch, and by no later one. */
function mayBeWithheld(one: Case, event: TrueEvent, wanted: readonly Occurrence[]): boolean {
  const { watch, destination, server } = one
  const seenAt = Math.min(...wanted.map(({ object }) => watch.seen.get(object) ?? 0))
  const withheld = watch.lives.some(
    ({ life, to }) => to >= seenAt && life.filters.get(destination.id)?.has(event.action) === true,
  )
  if (!withheld) return false
  const tries = server.attempts.filter(({ occurrences }) => occurrences.some((other) => other.event === event))
  return tries.length === 0 || !tries.every(bindsTheMember)
}

/**
 * An attempt after which the same members must go again. Where one of their objects has vanished the batch cannot be formed
 * again: it is given up, and whatever of it is still to be had is decided anew.
 */
function bindsTheMember({ occurrences, heard }: Attempt): boolean {
  if (occurrences.some(({ object }) => object.goneAt !== undefined)) return false
  return heard === undefined || heard.outcome === 'retry' || heard.outcome === 'stopped'
}

/** Should this writing-down have been found, and is it for this destination? */
function isWanted({ watch, startOf, plan, operator, destination }: Case, { object }: Occurrence): boolean {
  if (operator.hasBrought(object)) return true
  if (object.probe || object.time < startOf(object)) return false
  if (watch.seen.has(object)) return watch.isOwed(destination.id, object)
  return isFindable(object, plan.lookbackMs)
}

function isFindable({ goneAt, time, putAt }: TrueObject, lookbackMs: number): boolean {
  return goneAt === undefined && time >= putAt - lookbackMs
}

function name(event: TrueEvent): string {
  return `event ${event.serial} (${event.occurrences.map(placeOf).join(', ')})`
}
