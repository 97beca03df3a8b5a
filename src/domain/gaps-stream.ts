// What of a stream is missing: the silences between its arrivals, and the one that is going on, judged one by one. Pure:
// the same arrivals give the same holes, whenever it is asked and however often the ledger was lost in between.

import { type Beginning, beginning, HINDSIGHT, inHindsight, isAlarming, type Silence, silence } from './gaps-silence.ts'
import type { Rhythm } from './rhythm.ts'
import { countBefore, isUnseen, type Span } from './rhythm-curve.ts'
import type { Past } from './rhythm-level.ts'
import { dayOf } from './rhythm-week.ts'

/** A silence that goes on is looked at again after so many minutes. */
const STEP = 10

/** What the operator allows, in minutes. */
export interface Limits {
  /** No shorter silence is a hole. */
  readonly floor: number
  /** Every longer silence is one, whatever the rhythm. */
  readonly ceiling: number | undefined
}

/** A silence that ordinary life does not explain. In minutes since 1970. */
export interface Hole {
  /** The last arrival before it. */
  readonly from: number
  /** The first after it; undefined while it goes on. */
  readonly to: number | undefined
  /** When it could be told. */
  readonly toldAt: number
  /** Undefined where only its length speaks against it. */
  readonly silence: Silence | undefined
}

/**
 * Holes that can be told by now, of the silences that ended, or go on, within the span.
 * @param span its end is the minute up to which all arrivals are known
 */
export function holes(rhythm: Rhythm | undefined, past: Past, [since, now]: Span, limits: Limits): readonly Hole[] {
  const { arrivals } = past
  const found: Hole[] = []
  for (let index = countBefore(arrivals, since - HINDSIGHT); index <= arrivals.length; index += 1) {
    const [last, next] = [arrivals[index - 1], arrivals[index]]
    if (last === undefined || last >= now) continue
    const hole = holeOf(rhythm, past, { last, next: next === undefined || next >= now ? undefined : next, now }, limits)
    if (hole !== undefined && hole.toldAt >= since) found.push(hole)
    if (next === undefined || next >= now) break
  }
  return found
}

export interface Pause {
  readonly last: number
  readonly next: number | undefined
  readonly now: number
}

export function holeOf(rhythm: Rhythm | undefined, past: Past, pause: Pause, limits: Limits): Hole | undefined {
  const { last, next, now } = pause
  const until = next ?? now
  if (until - last < limits.floor) return undefined
  const told = rhythm === undefined ? undefined : toldByRhythm(rhythm, past, pause, limits)
  const tooLong = last + seenUntil(past, last, limits.ceiling)
  if (tooLong <= until && tooLong < (told?.toldAt ?? Number.POSITIVE_INFINITY))
    return { from: last, to: next, toldAt: tooLong, silence: undefined }
  return told && { from: last, to: next, ...told }
}

function toldByRhythm(
  rhythm: Rhythm,
  past: Past,
  { last, next, now }: Pause,
  { floor }: Limits,
): Pick<Hole, 'toldAt' | 'silence'> | undefined {
  const until = next ?? now
  const toldAt = firstAlarm(rhythm, beginning(rhythm, past, last), [last + floor, until], past.unseen)
  if (toldAt !== undefined)
    return { toldAt, silence: silence(rhythm, beginning(rhythm, past, last), until, past.unseen) }
  if (next === undefined || next + HINDSIGHT > now) return undefined
  if (next - Math.max(last, dayOf(rhythm.week, next)[0]) < floor) return undefined
  const judged = inHindsight(rhythm, past, [last, next], next + HINDSIGHT)
  if (!isAlarming(judged)) return undefined
  return { toldAt: next + HINDSIGHT, silence: judged }
}

/** The first minute of the span at which the silence is alarming. */
function firstAlarm(rhythm: Rhythm, begun: Beginning, [from, to]: Span, unseen: readonly Span[]): number | undefined {
  for (let at = from; at < to; at += STEP) if (isAlarming(silence(rhythm, begun, at, unseen))) return at
  return isAlarming(silence(rhythm, begun, to, unseen)) ? to : undefined
}

/** How long it takes from there until so many minutes are over in which somebody looked. */
function seenUntil({ unseen }: Past, from: number, minutes: number | undefined): number {
  let end = from + (minutes ?? Number.POSITIVE_INFINITY)
  for (const [blindFrom, blindTo] of unseen) {
    if (isUnseen([[blindFrom, blindTo]], [from, end])) end += blindTo - Math.max(from, blindFrom)
  }
  return end - from
}

/** Silences with less between them are symptoms of one cause, in minutes. */
const APART = 12 * 60

/** Whether a hole belongs to the one before it: a stream that stutters is one incident. */
export function isSameIncident(before: Pick<Hole, 'to'> | undefined, hole: Pick<Hole, 'from'>): boolean {
  return before !== undefined && hole.from - (before.to ?? hole.from) < APART
}
