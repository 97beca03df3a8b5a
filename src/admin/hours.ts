// The calendar of hours: what each hour of object time brought, what it ordinarily brings, and how far each destination
// is. An hour is judged by what the gaps say of it, and an hour nobody can judge is said to be that: it is never shown
// as complete.
import { HOUR_MS, type HourCount, hourOf, isStream } from '../ledger/hours.ts'
import type { Ledger } from '../ledger/ledger.ts'

export interface HoursDocument {
  readonly at: string
  readonly receivers: readonly ReceiverHours[]
}

export interface ReceiverHours {
  readonly id: string
  /** Destinations that the receiver feeds. */
  readonly destinations: readonly string[]
  /** Oldest first, without a hole. */
  readonly hours: readonly HourStatus[]
}

/**
 * - `complete`: proven to be. Objects came, and had this hour been lost, that would have been told.
 * - `suspect`: a gap lies in it.
 * - `unprovable`: so little is ordinarily seen in this hour that its silence proves nothing, or it was never looked at.
 * - `open`: not over, or not swept yet.
 */
export type HourVerdict = 'complete' | 'suspect' | 'unprovable' | 'open'

export interface HourStatus {
  /** When it begins. */
  readonly hour: string
  readonly objects: number
  /** Objects that this hour of the week ordinarily brings; null where too little is known. */
  readonly expected: number | null
  readonly verdict: HourVerdict
  /** Objects that are outstanding, by destination; without those that have none. */
  readonly outstanding: Readonly<Record<string, number>>
  /** Objects that were lost before they could be delivered, by destination; without those that have none. */
  readonly lost: Readonly<Record<string, number>>
}

/** What is known of an hour beyond what came: whether a gap lies in it, and what it ordinarily brings. */
export interface HourJudgement {
  readonly verdict: HourVerdict
  readonly expected: number | null
}

export interface HourSources {
  readonly now: number
  readonly counts: readonly HourCount[]
  /** Who feeds whom. */
  readonly routes: readonly { readonly receiver: string; readonly destination: string; readonly startAt: number }[]
  /** By receiver and the hour's beginning. */
  readonly judge: (receiver: string, hour: number) => HourJudgement
}

/** Days that are shown. */
const DAYS = 21

/** The first hour that is asked for. */
export function firstHour(now: number): number {
  return hourOf(now) - (DAYS - 1) * 24 * HOUR_MS - (hourOf(now) % (24 * HOUR_MS))
}

/** Every hour of the last days, from the first that any destination wants: a hole is an hour too. */
export function hoursDocument({ now, counts, routes, judge }: HourSources): HoursDocument {
  const byPlace = new Map(counts.map((count) => [`${count.hour} ${count.receiver}`, count]))
  const receivers = [...new Set(routes.map(({ receiver }) => receiver))].map((id) => {
    const fed = routes.filter(({ receiver }) => receiver === id)
    const first = Math.max(firstHour(now), hourOf(Math.min(...fed.map(({ startAt }) => startAt))))
    const hours: HourStatus[] = []
    for (let hour = first; hour <= now; hour += HOUR_MS) {
      const { objects = 0, outstanding = {}, lost = {} } = byPlace.get(`${hour} ${id}`) ?? {}
      hours.push({ hour: new Date(hour).toISOString(), objects, ...judge(id, hour), outstanding, lost })
    }
    return { id, destinations: fed.map(({ destination }) => destination), hours }
  })
  return { at: new Date(now).toISOString(), receivers }
}

/** Who watches, and says what can be said of an hour. */
export interface Judge {
  hour(
    receiver: string,
    hour: number,
  ): { readonly state: 'open' | 'proven' | 'suspect' | 'unprovable'; readonly expected: number | undefined }
}

/** Only what is proven is shown as complete. */
export function judged(judge: Judge): HourSources['judge'] {
  return (receiver, hour) => {
    const { state, expected } = judge.hour(receiver, hour)
    return { verdict: state === 'proven' ? 'complete' : state, expected: expected ?? null }
  }
}

/** What can be said of hours before anything is known of a stream's rhythm: nothing is proven. */
export function unjudged(sweptTo: (receiver: string) => number | undefined): HourSources['judge'] {
  return (receiver, hour) => {
    const swept = hour + HOUR_MS <= (sweptTo(receiver) ?? Number.NEGATIVE_INFINITY)
    return { verdict: swept ? 'unprovable' : 'open', expected: null }
  }
}

/** The calendar of a ledger. Without a judge nothing is proven. */
export function hoursOf(ledger: Ledger, now: number, judge?: HourSources['judge']): HoursDocument {
  const routes = ledger.routes().filter(({ receiver }) => isStream(receiver))
  const counts = ledger.hours(firstHour(now))
  return hoursDocument({ now, counts, routes, judge: judge ?? unjudged((receiver) => ledger.sweptTo(receiver)) })
}
