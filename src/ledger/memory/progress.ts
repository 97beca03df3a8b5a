import assert from 'node:assert/strict'
import type { DueQuery, Row, Settlement } from '../progress.ts'
import { rescueRow } from './duplicates.ts'
import { countRepair, endRow, settle as settleRow } from './endings.ts'
import type { RowState, State } from './state.ts'

export function due(state: State, destination: string, query: DueQuery): Row[] {
  const { now, limit, newest, since = Number.NEGATIVE_INFINITY, except, maxDelay } = query
  const rows = outstanding(state, destination)
    .filter(({ object, dueAt }) => !except.has(object) && (dueAt <= now || dueAt > now + maxDelay))
    .map((row) => present(state, row))
    .filter(({ object }) => object.time >= since)
    .sort((a, b) => a.object.time - b.object.time || a.object.ref - b.object.ref)
  return (newest ? rows.reverse() : rows).slice(0, limit)
}

/** The rows that today's routes are to deliver. */
export function outstanding(state: State, destination: string): RowState[] {
  return state.rows.values().filter((row) => {
    return row.destination === destination && row.state === 'outstanding' && state.route(row.route).active
  })
}

function present(state: State, row: RowState): Row {
  const { settled, released, generation, attempts, dueAt, late, reason } = row
  const { receiver } = state.route(row.route)
  return {
    object: state.object(row.object).object,
    receiver,
    settled,
    released,
    generation,
    attempts,
    dueAt,
    late,
    reason,
  }
}

export function row(state: State, destination: string, object: number): Row | undefined {
  const found = state.row(destination, object)
  return found?.state === 'outstanding' ? present(state, found) : undefined
}

export function nextDue(state: State, destination: string, except: ReadonlySet<number>): number | undefined {
  const times = outstanding(state, destination)
    .filter(({ object }) => !except.has(object))
    .map(({ dueAt }) => dueAt)
  return times.length === 0 ? undefined : Math.min(...times)
}

export function settle(state: State, destination: string, settlements: readonly Settlement[]): void {
  for (const settlement of settlements) settleRow(state, { destination, ...settlement })
}

export function postpone(state: State, destination: string, object: number, dueAt: number, reason: string): void {
  const found = state.row(destination, object)
  assert(found !== undefined, `${destination} has no row for object ${object}`)
  if (found.state !== 'outstanding') return
  state.setRow({ ...found, attempts: found.attempts + 1, dueAt, reason })
}

export function lose(state: State, destination: string, object: number, reason: string, now: number): number[] {
  const found = state.row(destination, object)
  if (found?.state !== 'outstanding') return []
  const ended = endRow(state, found, reason)
  if (ended.state !== 'lost') return []
  countRepair(state, ended.repair, { lost: 1 })
  return rescueRow(state, ended, reason, now)
}
