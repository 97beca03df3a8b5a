export interface Hours {
  readonly total: number
  readonly empty: number
  /** Runs of hours without an object, longest first, at most twenty. */
  readonly runs: readonly { readonly from: string; readonly hours: number }[]
}

const hourMs = 3_600_000

/** Hours of [from, to) that no object belongs to. `seen` holds hours since 1970. */
export function emptyHours(seen: ReadonlySet<number>, from: number, to: number): Hours {
  const first = Math.floor(from / hourMs)
  const end = Math.ceil(to / hourMs)
  const runs: { from: string; hours: number }[] = []
  let empty = 0
  let run = 0
  for (let hour = first; hour <= end; hour += 1) {
    if (hour < end && !seen.has(hour)) {
      run += 1
      continue
    }
    if (run > 0) runs.push({ from: new Date((hour - run) * hourMs).toISOString(), hours: run })
    empty += run
    run = 0
  }
  return { total: end - first, empty, runs: runs.sort((a, b) => b.hours - a.hours).slice(0, 20) }
}
