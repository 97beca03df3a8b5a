/** What arrived, against what was put. */
export interface Tally {
  readonly wanted: number
  readonly arrived: number
  readonly missing: readonly string[]
  /** Arrived, and nobody put it. */
  readonly unknown: readonly string[]
  /** Ids that arrived more than once, with how often beyond the first. */
  readonly repeats: ReadonlyMap<string, number>
}

/** Counts arrivals, in any order, of what was wanted. */
export function tally(wanted: Iterable<string>, arrivals: Iterable<string>): Tally {
  const counts = new Map<string, number>()
  for (const id of wanted) counts.set(id, 0)
  const size = counts.size
  const unknown: string[] = []
  let arrived = 0
  for (const id of arrivals) {
    arrived += 1
    const before = counts.get(id)
    if (before === undefined) unknown.push(id)
    else counts.set(id, before + 1)
  }
  const missing = [...counts].filter(([, count]) => count === 0).map(([id]) => id)
  const repeats = new Map([...counts].filter(([, count]) => count > 1).map(([id, count]) => [id, count - 1]))
  return { wanted: size, arrived, missing, unknown, repeats }
}

/** Throws unless every wanted id arrived; with `once`, unless none arrived twice. */
export function mustBeWhole(where: string, wanted: Iterable<string>, arrivals: Iterable<string>, once = true): Tally {
  const counted = tally(wanted, arrivals)
  const { missing, unknown, repeats } = counted
  const faults = [
    ...(missing.length > 0 ? [`${missing.length} of ${counted.wanted} missing, e.g. ${missing[0]}`] : []),
    ...(unknown.length > 0 ? [`${unknown.length} that nobody put, e.g. ${unknown[0]}`] : []),
    ...(once && repeats.size > 0 ? [`${repeats.size} repeated, e.g. ${[...repeats.keys()][0]}`] : []),
  ]
  if (faults.length > 0) throw new Error(`${where}: ${faults.join('; ')}`)
  return counted
}
