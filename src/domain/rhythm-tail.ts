// How improbable a silence is, in the stream's own measure: not minutes but expected arrivals. In that measure the gaps
// of a stream of independent arrivals fall off as exp(-u) whatever the hour; those of a real one fall off more slowly
// (pipelines that each write for minutes, slow mornings) or faster (a steady beat). How they do is learned from the
// stream's own longest gaps: beyond a threshold that some gaps a week exceed, the excess is taken to be exponential with
// an unknown rate, and what is not known of the rate (a gamma prior, updated) makes the tail a Pareto's: the fewer gaps
// were seen, the heavier it is. The longest of all, one in four weeks, are only known to be long (censored): what the
// world lost or a holiday took out of the history must not teach the detector that silence is normal.
//
// The threshold is a number a week and not a share of the gaps: in a stream with an object in most minutes nearly all
// gaps lie within one pipeline's burst and say nothing of the silences between.

/** Gaps beyond the threshold, in a week; at most this share of all, and at least so many. */
const BEYOND = { perWeek: 8, share: 0.1, least: 12 }
/** What is believed before anything is seen: so many excesses with this mean. */
const PRIOR = { gaps: 6, mean: 6 }
const WEEKS_PER_OUTLIER = 4

export interface Tail {
  readonly threshold: number
  /** The share of gaps beyond it. */
  readonly share: number
  /** Excesses counted, and their sum, prior included. */
  readonly shape: number
  readonly scale: number
}

/** How many of the longest gaps a tail is learned from. */
export function tailSize(gaps: number, weeks: number): number {
  const beyond = Math.ceil(Math.min(gaps * BEYOND.share, BEYOND.perWeek * weeks))
  return Math.min(gaps, Math.max(BEYOND.least, beyond))
}

/** @param longest the `tailSize` longest of so many gaps, in expected arrivals @param weeks how long it took to see them */
export function learnTail(longest: readonly number[], gaps: number, weeks: number): Tail {
  const sorted = longest.toSorted((a, b) => a - b)
  const threshold = Math.max(1, sorted[0] ?? 1)
  const excesses = sorted.filter((gap) => gap > threshold).map((gap) => gap - threshold)
  const outliers = Math.min(Math.ceil(weeks / WEEKS_PER_OUTLIER), Math.floor(excesses.length / 3))
  const cap = excesses[excesses.length - 1 - outliers] ?? 0
  const sum = excesses.reduce((total, excess) => total + Math.min(excess, cap), 0)
  return {
    threshold,
    share: gaps === 0 ? 1 : Math.max(excesses.length, 1) / gaps,
    shape: PRIOR.gaps + excesses.length - outliers,
    scale: PRIOR.gaps * PRIOR.mean + sum,
  }
}

/** The share of gaps that are longer than this many expected arrivals. */
export function survival({ threshold, share, shape, scale }: Tail, gap: number): number {
  if (gap <= threshold) return share ** (gap / threshold)
  return share * (1 + (gap - threshold) / scale) ** -shape
}
