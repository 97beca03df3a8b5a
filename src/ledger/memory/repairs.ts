import type { AuditObject } from '../../domain/objects.ts'
import { addRanges, covers, type Ranges, removeRanges } from '../../domain/ranges.ts'
import type { Position } from '../duplicates.ts'
import type { Tally } from '../progress.ts'
import type { KeptRecord, Repair, Replay, UnderWay, WithheldQuery } from '../repairs.ts'
import { askedAgain, noRepair } from '../rules.ts'
import { forgetWithheld } from './endings.ts'
import { restoreRow, sealOf } from './seals.ts'
import { type RowState, rowKey, type State } from './state.ts'

export interface Withheld {
  readonly destination: string
  readonly object: number
  readonly ranges: Ranges
}

export interface RepairState extends Tally {
  readonly lost: number
}

/** The row, outstanding whatever it was. */
export function due(row: RowState, now: number): RowState {
  if (row.state === 'outstanding') return row
  return { ...row, state: 'outstanding', attempts: 0, dueAt: now, reason: askedAgain, lostBytes: 0, repair: undefined }
}

export function takenOut(row: RowState, ranges: Ranges): RowState {
  return { ...row, settled: removeRanges(row.settled, ranges), again: addRanges(row.again, ranges) }
}

export function withholding(state: State, query: WithheldQuery): AuditObject[] {
  const { destination, receiver, from, to, after, limit, closed = [] } = query
  const objects = state.withheld.values().flatMap((withheld) => {
    const key = rowKey(withheld.destination, withheld.object)
    const row = state.rows.get(key) ?? state.sealedRows.get(key)
    const object = state.objects.get(withheld.object)?.object ?? sealOf(state, withheld.object)?.object
    if (withheld.destination !== destination || row === undefined || object === undefined) return []
    const feeding = state.route(row.route).receiver
    if (!isUsable(state, row) && !closed.includes(feeding)) return []
    if (receiver !== undefined && feeding !== receiver) return []
    return object.time >= from && object.time < to && object.ref > after ? [object] : []
  })
  return objects.sort((a, b) => a.ref - b.ref).slice(0, limit)
}

/** Whether one of today's routes would deliver it. */
function isUsable(state: State, row: Pick<RowState, 'route'>): boolean {
  return state.route(row.route).active
}

export function withheld(state: State, destination: string, object: number): Ranges {
  return state.withheld.get(rowKey(destination, object))?.ranges ?? []
}

export function release(
  state: State,
  destination: string,
  positions: readonly Position[],
  repair: number,
  now: number,
): number {
  let released = 0
  for (const { object, from, to } of positions) {
    const held = withheld(state, destination, object)
    const found = state.row(destination, object) ?? state.sealedRows.get(rowKey(destination, object))
    if (found === undefined || !isUsable(state, found) || !covers(held, from, to)) continue
    const row = state.row(destination, object) ?? restoreRow(state, destination, object)
    if (row.state === 'lost') continue
    forgetWithheld(state, destination, object, [[from, to]])
    if (row.state !== 'outstanding') state.touchHour(row)
    const open = takenOut(due(row, now), [[from, to]])
    state.setRow({ ...open, repair, released: addRanges(open.released, [[from, to]]) })
    released += 1
  }
  return released
}

export function replay(state: State, id: number, repair: number, now: number): Replay {
  const entry = state.entries.get(id)
  if (entry === undefined) return 'no entry'
  if (entry.object === undefined) return 'message'
  if (entry.replay !== undefined) return entry.replay === repair ? 'due' : 'under way'
  if (entry.provisional) return 'provisional'
  const rows = state.rows.values().filter((row) => {
    const concerned = entry.destination === undefined || entry.destination === row.destination
    return concerned && row.object === entry.object && isUsable(state, row) && covers(row.settled, entry.from, entry.to)
  })
  if (rows.length === 0) return 'retired'
  const due_ = rows.filter(({ destination }) => entry.dealt?.includes(destination) !== true)
  if (due_.length === 0) {
    state.entries.delete(id)
    return 'arrived'
  }
  for (const row of due_) {
    if (row.state !== 'outstanding') state.touchHour(row)
    state.setRow(takenOut(due(row, now), [[entry.from, entry.to]]))
    state.addTally(row, { quarantined: -1 })
  }
  state.entries.set(id, { ...entry, replay: repair })
  return 'due'
}

export function underWay(state: State, repair: number, after: number, limit: number): UnderWay[] {
  const entries = state.entries.values().flatMap(({ id, object, destination, provisional, replay }): UnderWay[] => {
    return replay === repair && id > after && object !== undefined ? [{ id, object, destination, provisional }] : []
  })
  return entries.sort((a, b) => a.id - b.id).slice(0, limit)
}

export function kept(state: State, object: number): KeptRecord[] {
  const entries = state.entries.values().filter((entry) => entry.object === object && entry.replay !== undefined)
  // Of several at one place the smallest, then the first.
  const sorted = entries.sort((a, b) => b.to - a.to || b.id - a.id)
  const records = sorted.flatMap(({ provisional, from, to, offset, line, bytes }) => {
    return provisional || bytes === undefined ? [] : [{ object, from, to, offset, line, bytes }]
  })
  const places = new Map(records.map((record) => [record.from, record]))
  return [...places.values()].sort((a, b) => a.from - b.from)
}

export function remark(state: State, id: number, reason: string): void {
  const entry = state.entries.get(id)
  if (entry !== undefined) state.entries.set(id, { ...entry, reason })
}

export function understood(state: State, id: number): void {
  if (state.entries.get(id)?.object === undefined) state.entries.delete(id)
}

export function repairOf(state: State, id: number): Repair {
  const taken = state.rows.values().filter((row) => row.repair === id && row.state === 'outstanding')
  const rows = taken.filter((row) => isUsable(state, row)).length
  const entries = state.entries.values().filter((entry) => entry.replay === id).length
  return { rows, entries, ...(state.repairs.get(id) ?? noRepair) }
}
