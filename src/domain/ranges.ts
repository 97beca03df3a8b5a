// Progress in an object is a set of byte ranges, never a cursor: batches settle out of order, and filtered records,
// copies and bad lines are settled too. A set is a sorted list of half-open, disjoint, non-touching ranges.

/** Bytes [from, to) of a decompressed object. */
export type Range = readonly [from: number, to: number]
export type Ranges = readonly Range[]

/** The union of a set and more ranges, in any order. */
export function addRanges(set: Ranges, more: Ranges): Ranges {
  const sorted = [...set, ...more].filter(([from, to]) => from < to).sort((a, b) => a[0] - b[0])
  const union: [number, number][] = []
  for (const [from, to] of sorted) {
    const last = union[union.length - 1]
    if (last !== undefined && from <= last[1]) last[1] = Math.max(last[1], to)
    else union.push([from, to])
  }
  return union
}

/** What of the set remains without the given ranges. */
export function removeRanges(set: Ranges, without: Ranges): Ranges {
  const cuts = addRanges([], without)
  const rest: Range[] = []
  let next = 0
  for (const [from, to] of set) {
    while ((cuts[next]?.[1] ?? Number.POSITIVE_INFINITY) <= from) next += 1
    let at = from
    for (let cut = cuts[next]; cut !== undefined && cut[0] < to; cut = cuts[next]) {
      if (at < cut[0]) rest.push([at, cut[0]])
      at = cut[1]
      // A cut that reaches beyond this range has something to take from the next one too.
      if (cut[1] > to) break
      next += 1
    }
    if (at < to) rest.push([at, to])
  }
  return rest
}

/** Whether any byte of [from, to) is in the set. */
export function meets(set: Ranges, from: number, to: number): boolean {
  let low = 0
  let high = set.length - 1
  while (low <= high) {
    const middle = (low + high) >> 1
    const range = set[middle]
    if (range === undefined || range[0] >= to) high = middle - 1
    else if (range[1] <= from) low = middle + 1
    else return from < to
  }
  return false
}

/** Whether every byte of [from, to) is in the set. The empty range is in every set. */
export function covers(set: Ranges, from: number, to: number): boolean {
  if (from >= to) return true
  let low = 0
  let high = set.length - 1
  while (low <= high) {
    const middle = (low + high) >> 1
    const range = set[middle]
    if (range === undefined || range[0] > from) high = middle - 1
    else if (range[1] <= from) low = middle + 1
    else return to <= range[1]
  }
  return false
}

/** The bytes of [0, length) that are not in the set. */
export function gaps(set: Ranges, length: number): Ranges {
  return removeRanges([[0, length]], set)
}
