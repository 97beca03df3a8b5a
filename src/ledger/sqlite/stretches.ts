import type { Range } from '../../domain/ranges.ts'
import type { Position } from '../duplicates.ts'

/** Members of one object: neighbours made one range, and how many they are. */
export interface Stretches {
  readonly ranges: Range[]
  members: number
}

/**
 * Members by object. A batch is mostly a run of neighbouring lines, so whatever is asked or written for each of its
 * members is asked and written once.
 */
export function stretches(members: readonly Position[]): ReadonlyMap<number, Stretches> {
  const objects = new Map<number, Stretches>()
  for (const { object, from, to } of members) {
    const known = objects.get(object)
    if (known === undefined) objects.set(object, { ranges: [[from, to]], members: 1 })
    else append(known, from, to)
  }
  return objects
}

function append(known: Stretches, from: number, to: number): void {
  known.members += 1
  const last = known.ranges[known.ranges.length - 1]
  if (last?.[1] === from) known.ranges[known.ranges.length - 1] = [last[0], to]
  else known.ranges.push([from, to])
}
