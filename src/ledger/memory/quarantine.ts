import assert from 'node:assert/strict'
import { type QuarantineEntry, QuarantineFull, type QuarantineQuery } from '../quarantine.ts'
import { entryCharge, keptBytes } from '../rules.ts'
import type { EntryState, State } from './state.ts'

export type Kept = Omit<EntryState, 'id' | 'bytes' | 'replay' | 'recut' | 'dealt'> & { readonly bytes: Uint8Array }

/** Keeps a record in quarantine. */
export function keep(state: State, record: Kept, dealt?: readonly string[]): EntryState {
  const bytes = keptBytes(record)
  if (charged(state) + entryCharge(bytes) > state.maxQuarantineBytes) throw new QuarantineFull(state.maxQuarantineBytes)
  const id = state.next('entry')
  const entry = { ...record, id, bytes, replay: undefined, recut: record.from, dealt }
  state.entries.set(id, entry)
  return entry
}

/** What all that is kept is charged for, in bytes. */
export function charged(state: State): number {
  return state.entries.values().reduce((sum, { bytes }) => sum + entryCharge(bytes), 0)
}

/** In the order in which they were kept. */
export function entriesOf(state: State, object: number, destination: string | undefined): EntryState[] {
  const entries = state.entries.values().filter((entry) => {
    return entry.object === object && entry.destination === destination
  })
  return entries.sort((a, b) => a.id - b.id)
}

export function quarantine(state: State, query: QuarantineQuery): QuarantineEntry[] {
  const { destination, receiver, reason = '', since = 0, until = Number.POSITIVE_INFINITY, after = 0, limit } = query
  const entries = state.entries.values().filter((entry) => {
    if (destination !== undefined && entry.destination !== undefined && entry.destination !== destination) return false
    if (receiver !== undefined && receiverOf(state, entry) !== receiver) return false
    if (!entry.reason.toLowerCase().includes(reason.toLowerCase())) return false
    return entry.at >= since && entry.at < until && entry.id > after
  })
  const first = entries.sort((a, b) => a.id - b.id).slice(0, limit)
  return first.map((entry) => present(state, query.bare === true ? { ...entry, bytes: undefined } : entry))
}

export function entry(state: State, id: number): QuarantineEntry | undefined {
  const found = state.entries.get(id)
  return found && present(state, found)
}

function present(state: State, found: EntryState): QuarantineEntry {
  const { recut: _, dealt: __, object: ref, ...entry } = found
  const receiver = receiverOf(state, found)
  if (ref === undefined) return { ...entry, receiver, object: undefined }
  const { store, key } = state.object(ref).object
  return { ...entry, receiver, object: { ref, store, key } }
}

function receiverOf(state: State, { receiver, object }: EntryState): string {
  const found = receiver ?? (object === undefined ? undefined : state.object(object).receivers[0])
  assert(found !== undefined, 'an entry of nobody')
  return found
}
