// Half a year of an organisation's stream, invented from a seed: in which minutes an object appeared. It shares no
// code with the detector and knows nothing of how it judges. What the world does to a stream is in it: pipelines that
// each leave events for some minutes, batches written at a beat, days that are slow, public holidays, a closed week,
// afternoons that end early, summer time, a stalled delivery now and then. What an hour ordinarily brings is known
// here exactly, so that "busy" can be said without asking the detector: an hour from which this very organisation
// brings nothing for three hours less often than once in a hundred thousand such hours.
import { Chance } from '../../test/simulation/chance.ts'

export const HOUR = 60
export const DAY: number = 24 * HOUR
export const WEEK: number = 7 * DAY
/** Less often than this there is nothing in three ordinary hours. */
const BUSY_SILENCE = 1e-5

export const shapes = ['busy', 'quiet', 'nights and weekends off', 'growing', 'bursty'] as const
export type Shape = (typeof shapes)[number]

/** Minutes since 1970. */
export interface History {
  readonly from: number
  readonly to: number
  /** Minutes in which an object appeared, in order. */
  readonly arrivals: readonly number[]
  /** Whether the hour from this minute on is one of which three bring something all but certainly. */
  isBusy(minute: number): boolean
  /** Whether the organisation's day at this minute is an ordinary one: no holiday, not closed, no early end. */
  isOrdinary(minute: number): boolean
}

interface Traits {
  /** Pipelines an hour when most is going on. */
  readonly peak: number
  readonly night: number
  readonly weekend: number
  readonly holiday: number
  /** Times as many after a week. */
  readonly growth: number
  /** How evenly days and hours resemble each other: the shape of a gamma distribution with mean 1. */
  readonly dayShape: number
  readonly hourShape: number
  /** Minutes a pipeline goes on, and events it leaves. */
  readonly minutes: number
  readonly events: number
}

interface Calendar {
  readonly zone: number
  readonly summer: number
  /** Minutes of the local day when work begins and ends. */
  readonly begins: number
  readonly ends: number
  /** Local days. */
  readonly off: ReadonlySet<number>
  readonly half: ReadonlySet<number>
}

/** The first minute of every history: a Monday. */
const FIRST = Date.UTC(2026, 0, 5) / 60_000

export function history(shape: Shape, seed: number, weeks: number): History {
  const chance = new Chance(seed, shapes.indexOf(shape) + 1)
  const traits = traitsOf(shape, chance)
  const calendar = calendarOf(chance, weeks)
  const to = FIRST + weeks * WEEK
  const marks = events(traits, calendar, chance, to)
  const beat = chance.pick([1, 1, 2, 5, 10])
  stall(marks, chance, weeks)
  return {
    from: FIRST,
    to,
    arrivals: written(marks, beat),
    isBusy: (minute) => silence(traits, calendar, minute) < BUSY_SILENCE,
    isOrdinary: (minute) => {
      const day = Math.floor(local(minute, calendar) / DAY)
      return !calendar.off.has(day) && !calendar.half.has(day)
    },
  }
}

function traitsOf(shape: Shape, chance: Chance): Traits {
  const between = (low: number, high: number) => low + (high - low) * chance.random()
  const ordinary = { growth: 1, dayShape: between(8, 30), hourShape: between(6, 20), minutes: 6, events: 12 }
  switch (shape) {
    case 'busy':
      return { ...ordinary, peak: between(15, 90), night: between(0.2, 0.5), weekend: between(0.25, 0.6), holiday: 0.5 }
    case 'quiet':
      return {
        ...ordinary,
        ...{ peak: between(0.15, 1.2), night: chance.pick([0, 0.02]), weekend: chance.pick([0, 0.1]) },
        ...{ holiday: 0, hourShape: between(1, 4), dayShape: between(2, 8) },
      }
    case 'nights and weekends off':
      return { ...ordinary, peak: between(8, 40), night: 0, weekend: chance.pick([0, 0, 0.005]), holiday: 0 }
    case 'growing':
      return {
        ...ordinary,
        ...{ peak: between(2, 6), night: between(0.02, 0.1), weekend: between(0.05, 0.2), holiday: 0.1 },
        growth: 1 + between(0.04, 0.1),
      }
    case 'bursty':
      return {
        ...ordinary,
        ...{ peak: between(20, 60), night: between(0.05, 0.2), weekend: between(0.1, 0.3), holiday: 0.15 },
        ...{ hourShape: between(1.5, 4), dayShape: between(4, 10), minutes: 4, events: 40 },
      }
  }
}

function calendarOf(chance: Chance, weeks: number): Calendar {
  const first = FIRST / DAY
  const workday = (): number => first + chance.int(0, weeks - 1) * 7 + chance.int(0, 4)
  const off = new Set<number>()
  // Ten public holidays a year, one in five of them next to another; one week in which the house is closed.
  for (let holiday = 0; holiday < Math.round((weeks * 8) / 52); holiday += 1) {
    const day = workday()
    off.add(day)
    if (chance.hit(0.2)) off.add(day + 1)
  }
  if (chance.hit(weeks / 52)) {
    const monday = first + chance.int(0, weeks - 1) * 7
    for (let day = 0; day < 5; day += 1) off.add(monday + day)
  }
  const half = new Set<number>()
  for (let week = 0; week < weeks; week += 1) if (chance.hit(2 / 52)) half.add(workday())
  return {
    zone: chance.int(-8, 11) * HOUR,
    // Clocks change once within half a year; in one history of three they never do.
    summer: chance.hit(1 / 3) ? Number.POSITIVE_INFINITY : FIRST + chance.int(4, weeks - 1) * WEEK - DAY,
    begins: chance.int(7 * 4, 9 * 4) * 15,
    ends: chance.int(16 * 4, 19 * 4) * 15,
    off,
    half,
  }
}

function local(minute: number, { zone, summer }: Calendar): number {
  return minute + zone + (minute >= summer ? HOUR : 0)
}

/** What this minute ordinarily brings, in pipelines an hour: no growth, no holiday, no better or worse day. */
function ordinaryRate(minute: number, traits: Traits, calendar: Calendar): number {
  const at = local(minute, calendar)
  const ofDay = ((at % DAY) + DAY) % DAY
  // 1970 began on a Thursday.
  const weekday = (Math.floor(at / DAY) + 3) % 7
  const ramp = 45
  const open = Math.min((ofDay - calendar.begins) / ramp, (calendar.ends - ofDay) / ramp, 1)
  const lunch = ofDay >= 12 * HOUR && ofDay < 13 * HOUR ? 0.6 : 1
  const level = Math.max(traits.night, Math.max(0, open) * lunch)
  return traits.peak * level * (weekday >= 5 ? traits.weekend : 1)
}

/** How likely nothing at all is in three hours like the one from here, on ordinary days. A pipeline's first event counts. */
function silence(traits: Traits, calendar: Calendar, minute: number): number {
  const grown = traits.growth ** ((minute - FIRST) / WEEK)
  let expected = 0
  for (let part = 0; part < 4; part += 1) expected += (ordinaryRate(minute + part * 15, traits, calendar) * grown) / 4
  const given = (ofDay: number) => (1 + (expected * ofDay) / traits.hourShape) ** (-3 * traits.hourShape)
  return mean(given, traits.dayShape)
}

/** The mean of a function of a gamma variable with mean 1. */
function mean(of: (value: number) => number, shape: number): number {
  let [sum, weights] = [0, 0]
  for (let log = -12; log < 3; log += 0.25) {
    const value = Math.exp(log)
    // The density of the variable's logarithm, but for a constant.
    const weight = Math.exp(shape * (log - value))
    sum += of(value) * weight
    weights += weight
  }
  return sum / weights
}

function events(traits: Traits, calendar: Calendar, chance: Chance, to: number): Uint8Array {
  const marks = new Uint8Array(to - FIRST)
  let day = Number.NaN
  let ofDay = 1
  for (let hour = FIRST; hour < to; hour += HOUR) {
    const localDay = Math.floor(local(hour, calendar) / DAY)
    if (localDay !== day) {
      day = localDay
      ofDay = gamma(traits.dayShape, chance)
    }
    const grown = traits.growth ** ((hour - FIRST) / WEEK)
    const frailty = ofDay * gamma(traits.hourShape, chance) * grown
    for (let part = hour; part < hour + HOUR; part += 15) {
      const rate = (ordinaryRate(part, traits, calendar) * frailty * special(part, traits, calendar)) / 4
      for (let left = poisson(rate, chance); left > 0; left -= 1) pipeline(marks, part - FIRST, traits, chance)
    }
  }
  return marks
}

function special(minute: number, traits: Traits, calendar: Calendar): number {
  const at = local(minute, calendar)
  const day = Math.floor(at / DAY)
  if (calendar.off.has(day)) return traits.holiday
  return calendar.half.has(day) && at % DAY >= 13 * HOUR ? Math.max(0.1, traits.holiday) : 1
}

function pipeline(marks: Uint8Array, from: number, { minutes, events }: Traits, chance: Chance): void {
  const begin = from + chance.random() * 15
  const length = chance.exponential(minutes)
  marks[Math.floor(begin)] = 1
  for (let left = 1 + chance.int(0, events * 2); left > 0; left -= 1) {
    const at = Math.floor(begin + chance.random() * length)
    if (at < marks.length) marks[at] = 1
  }
}

/** Once in thirteen weeks or so the delivery stalls for 10 to 40 minutes; all of it comes at the end. */
function stall(marks: Uint8Array, chance: Chance, weeks: number): void {
  for (let week = 0; week < weeks; week += 1) {
    if (!chance.hit(1 / 13)) continue
    const from = week * WEEK + chance.int(0, WEEK - HOUR)
    const to = from + chance.int(10, 40)
    if (marks.subarray(from, to).includes(1)) marks[to] = 1
    marks.fill(0, from, to)
  }
}

/** An object at every beat since which something happened. */
function written(marks: Uint8Array, beat: number): number[] {
  const arrivals: number[] = []
  for (let from = 0; from < marks.length; from += beat) {
    if (marks.subarray(from, from + beat).includes(1)) arrivals.push(FIRST + from + beat - 1)
  }
  return arrivals
}

function poisson(mean: number, chance: Chance): number {
  let count = 0
  for (let sum = chance.exponential(1); sum < mean; sum += chance.exponential(1)) count += 1
  return count
}

/** Gamma with mean 1 (Marsaglia and Tsang, 2000). */
function gamma(shape: number, chance: Chance): number {
  const d = shape - 1 / 3
  const c = 1 / Math.sqrt(9 * d)
  for (;;) {
    const x = Math.sqrt(-2 * Math.log(1 - chance.random())) * Math.cos(2 * Math.PI * chance.random())
    const v = (1 + c * x) ** 3
    if (v > 0 && Math.log(1 - chance.random()) < (x * x) / 2 + d - d * v + d * Math.log(v)) return (d * v) / shape
  }
}
