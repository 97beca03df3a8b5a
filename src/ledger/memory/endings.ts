// What hangs on a stretch that comes to its end: the row's progress, the counts of its route and its repair, what filters
// withheld of it, and entries of the quarantine that were on their way.
import { addRanges, covers, meets, type Ranges, removeRanges } from '../../domain/ranges.ts'
import type { Tally } from '../progress.ts'
import type { Repair } from '../repairs.ts'
import { noRepair, unsettledBytes } from '../rules.ts'
import { entriesOf } from './quarantine.ts'
import { type EntryState, type RowState, rowKey, type State } from './state.ts'

export interface Ended {
  readonly destination: string
  readonly object: number
  readonly ranges: Ranges
  readonly tally: Partial<Tally>
  readonly withheld?: Ranges | undefined
}

/** Settles ranges of a row. */
export function settle(state: State, { destination, object, ranges, tally, withheld = [] }: Ended): void {
  const { repair } = state.settleRanges(destination, object, ranges)
  state.addTally({ destination, object }, tally)
  countRepair(state, repair, tally)
  // What is decided anew may end otherwise than it did.
  forgetWithheld(state, destination, object, ranges)
  if (withheld.length > 0) withhold(state, destination, object, withheld)
  const row = state.row(destination, object)
  for (const entry of entriesOf(state, object, destination)) {
    if (!isUnderWay(entry) || !covers(row?.settled ?? [], entry.from, entry.to)) continue
    state.entries.delete(entry.id)
    const how = (tally.delivered ?? 0) > 0 ? 'delivered' : endingOf(state, entry, withheld)
    if (entry.replay !== repair) countRepair(state, entry.replay, { [how]: 1 })
  }
  for (const entry of entriesOf(state, object, undefined)) if (isUnderWay(entry)) settleShared(state, object, entry)
}

function isUnderWay({ replay, provisional }: EntryState): boolean {
  return replay !== undefined && !provisional
}

function endingOf(state: State, { object, from, to }: EntryState, withheld: Ranges): keyof Tally {
  if (meets(withheld, from, to)) return 'filtered'
  const bad = object === undefined ? [] : entriesOf(state, object, undefined)
  return bad.some((other) => meets([[from, to]], other.from, other.to)) ? 'quarantined' : 'duplicates'
}

/** A stretch kept on behalf of all is done with when every destination is; it stays if it turned out as bad as before. */
function settleShared(state: State, object: number, entry: EntryState): void {
  const waiting = state.rows.values().some((row) => {
    if (row.object !== object || row.state === 'lost' || !state.route(row.route).active) return false
    return !covers(row.settled, entry.from, entry.to)
  })
  if (waiting) return
  const isRecut = entry.recut > entry.from
  countRepair(state, entry.replay, { [isRecut ? 'delivered' : 'quarantined']: 1 })
  if (isRecut) state.entries.delete(entry.id)
  else state.entries.set(entry.id, { ...entry, replay: undefined })
}

function withhold(state: State, destination: string, object: number, ranges: Ranges): void {
  const key = rowKey(destination, object)
  const all = addRanges(state.withheld.get(key)?.ranges ?? [], ranges)
  state.withheld.set(key, { destination, object, ranges: all })
}

/** These came to another end, or are about to. */
export function forgetWithheld(state: State, destination: string, object: number, ranges: Ranges): void {
  const key = rowKey(destination, object)
  const before = state.withheld.get(key)
  if (before === undefined) return
  const left = removeRanges(before.ranges, ranges)
  if (left.length === 0) state.withheld.delete(key)
  else state.withheld.set(key, { ...before, ranges: left })
}

export function countRepair(state: State, id: number | undefined, by: Partial<Repair>): void {
  if (id === undefined) return
  const { delivered, filtered, duplicates, quarantined, lost } = state.repairs.get(id) ?? noRepair
  state.repairs.set(id, {
    delivered: delivered + (by.delivered ?? 0),
    filtered: filtered + (by.filtered ?? 0),
    duplicates: duplicates + (by.duplicates ?? 0),
    quarantined: quarantined + (by.quarantined ?? 0),
    lost: lost + (by.lost ?? 0),
  })
}

/** The row's object is gone: what is free of what was settled once goes back, and what is left is lost. */
export function endRow(state: State, row: RowState, reason: string | undefined): RowState {
  const { destination, object } = row
  const back = removeRanges(row.again, heldRanges(state, destination, object))
  const settled = addRanges(row.settled, back)
  const released = removeRanges(row.released, removeRanges(row.released, back))
  if (released.length > 0) withhold(state, destination, object, released)
  for (const entry of [...entriesOf(state, object, destination), ...entriesOf(state, object, undefined)]) {
    if (!isUnderWay(entry) || !covers(back, entry.from, entry.to)) continue
    state.entries.set(entry.id, { ...entry, replay: undefined })
    state.addTally(row, { quarantined: 1 })
    if (entry.replay !== row.repair) countRepair(state, entry.replay, { lost: 1 })
  }
  const lostBytes = unsettledBytes(settled, state.object(object).object)
  const left = { again: removeRanges(row.again, back), released: removeRanges(row.released, back) }
  const { tally } = state.row(destination, object) ?? row
  state.setRow({ ...row, ...left, settled, state: 'lost', reason, lostBytes, tally })
  state.complete(destination, object)
  return state.row(destination, object) ?? row
}

/** What lies in open intents and in verdicts that are not final. */
export function heldRanges(state: State, destination: string, object: number): Ranges {
  const intents = state.intents.values().filter((intent) => intent.destination === destination)
  const members = intents.flatMap((intent) => intent.members.filter((member) => member.object === object))
  const verdicts = entriesOf(state, object, destination).filter(({ provisional }) => provisional)
  return addRanges(
    [],
    [...members, ...verdicts].map(({ from, to }) => [from, to] as const),
  )
}
