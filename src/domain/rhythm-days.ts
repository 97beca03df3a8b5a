// Whether a day is one on which nobody works. To whoever sees only the stream a holiday looks like a stream that was cut
// off before the morning. So how often such days come, and how often another follows, is learned like everything else:
// from the stream's own past, on top of what is so almost everywhere. A day off that has strays is told from a working
// day by how many arrived.

/** One working day in 25 is off; after one that was, two in five are. As if seen on so many days. */
const PRIOR = { off: 1.2, days: 30, again: 2, after: 5 }
/** On a day off so much of the usual may still come. */
const STRAYS = 0.15
/** A day from which less is expected tells nothing by being empty. */
const TELLING = 6

/** How likely a day off is after a working day, and after another day off. */
export interface DaysOff {
  readonly first: number
  readonly again: number
}

/** What arrived in a part of a day, and what ordinarily does, and on a day off. */
export interface DaySeen {
  readonly arrivals: number
  readonly expected: number
  readonly expectedOff: number
}

/**
 * How much likelier a day off makes what was seen than a working day does; at most as likely.
 * @param dispersion arrivals come in clusters: so many say as much as one
 */
export function oddsOfDayOff(seen: DaySeen, dispersion: number): number {
  return Math.min(1, Math.exp(evidence(seen) / dispersion))
}

/** The logarithm of the odds, for independent arrivals. */
function evidence({ arrivals, expected, expectedOff }: DaySeen): number {
  const strays = expected === 0 ? STRAYS : Math.max(expectedOff / expected, STRAYS)
  return arrivals * Math.log(strays) + expected * (1 - strays)
}

/** How likely a day off brings nothing where so much may come; no two days off are alike, so it falls off slowly. */
export function isQuietOff(expectedOff: number): number {
  return 1 / (1 + expectedOff)
}

/** @param days in order */
export function learnDaysOff(days: readonly DaySeen[]): DaysOff {
  const telling = days.filter(({ expected, expectedOff }) => expected - expectedOff >= TELLING)
  let { off, days: seen, again, after } = PRIOR
  let wasOff = false
  for (const day of telling) {
    const isOff = evidence(day) > 0
    if (wasOff) after += 1
    else seen += 1
    if (isOff && wasOff) again += 1
    else if (isOff) off += 1
    wasOff = isOff
  }
  return { first: off / seen, again: again / after }
}
