// The minutes of an hour in which something came, as two numbers of thirty bits: what JavaScript's bit operations can hold,
// and what a row can be updated with in one statement.
const HALF = 30
const MINUTE_MS = 60_000
/** In minutes. */
export const HOUR = 60

export interface Minutes {
  readonly hour: number
  readonly first: number
  readonly second: number
}

/** The minute a time lies in, alone. `hour` is its first minute, since 1970. */
export function minuteOf(time: number): Minutes {
  const minute = Math.floor(time / MINUTE_MS)
  const hour = Math.floor(minute / HOUR) * HOUR
  const bit = minute - hour
  return bit < HALF ? { hour, first: 1 << bit, second: 0 } : { hour, first: 0, second: 1 << (bit - HALF) }
}

/** Every minute that is set, since 1970. */
export function minutesOf({ hour, first, second }: Minutes): number[] {
  const minutes: number[] = []
  for (let bit = 0; bit < HALF; bit += 1) if ((first >> bit) & 1) minutes.push(hour + bit)
  for (let bit = 0; bit < HALF; bit += 1) if ((second >> bit) & 1) minutes.push(hour + HALF + bit)
  return minutes
}
