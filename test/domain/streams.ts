// Streams with a rhythm anyone can see: office hours on weekdays, or round the clock. Minutes since 1970.
import { DAY, HOUR, type Span, WEEK } from '../../src/domain/rhythm-curve.ts'
import { Chance } from '../simulation/chance.ts'

/** A Monday, 00:00 UTC. */
export const MONDAY: number = Date.UTC(2026, 0, 5) / 60_000

/** `at(3, 4, 10)` is 10:00 on Friday of the fourth week. */
export function at(week: number, day: number, hour: number, minute = 0): number {
  return MONDAY + week * WEEK + day * DAY + hour * HOUR + minute
}

/** Some 10 arrivals an hour from 8 to 18 on weekdays; nothing else. */
export function office(weeks: number, seed = 1): number[] {
  return stream(weeks, seed, (day, hour) => (day < 5 && hour >= 8 && hour < 18 ? 10 : 0))
}

/** Some 12 arrivals an hour, by day and night, less on weekends. */
export function everyHour(weeks: number, seed = 1): number[] {
  return stream(weeks, seed, (day, hour) => (hour >= 7 && hour < 20 ? 14 : 8) * (day < 5 ? 1 : 0.6))
}

function stream(weeks: number, seed: number, perHour: (day: number, hour: number) => number): number[] {
  const chance = new Chance(seed)
  const arrivals: number[] = []
  for (let minute = 0; minute < weeks * WEEK; minute += 1) {
    const day = Math.floor(minute / DAY) % 7
    if (chance.hit(perHour(day, Math.floor(minute / HOUR) % 24) / 60)) arrivals.push(MONDAY + minute)
  }
  return arrivals
}

export function without(arrivals: readonly number[], ...spans: readonly Span[]): number[] {
  return arrivals.filter((minute) => !spans.some(([from, to]) => minute >= from && minute < to))
}
