import { checkRename } from '../rules.ts'
import { adoptionKey } from './duplicates.ts'
import { rowKey, type State } from './state.ts'
import type { Table } from './table.ts'

/** Everything that is called `from` is called `to`. */
export function rename(state: State, from: string, to: string): void {
  checkRename(from, to, (name) => state.routes.values().some(({ destination }) => destination === name))
  renameIn(state.routes, from, to)
  renameIn(state.intents, from, to)
  renameIn(state.entries, from, to)
  for (const entry of state.entries.values().filter(({ dealt }) => dealt?.includes(from))) {
    const dealt = entry.dealt?.map((name) => (name === from ? to : name))
    state.entries.set(entry.id, { ...entry, dealt })
  }
  renameIn(state.rows, from, to, ({ object }) => rowKey(to, object))
  renameIn(state.sealedRows, from, to, ({ object }) => rowKey(to, object))
  renameIn(state.withheld, from, to, ({ object }) => rowKey(to, object))
  renameIn(state.adoptions, from, to, ({ owner }) => adoptionKey(to, owner))
  const stop = state.stops.get(from)
  if (stop === undefined) return
  state.stops.delete(from)
  state.stops.set(to, stop)
}

/** `keyOf` where the name is part of the key. */
function renameIn<K, V extends { readonly destination: string | undefined }>(
  table: Table<K, V>,
  from: string,
  to: string,
  keyOf?: (value: V) => K,
): void {
  for (const [key, value] of table.entries()) {
    if (value.destination !== from) continue
    if (keyOf !== undefined) table.delete(key)
    table.set(keyOf?.(value) ?? key, { ...value, destination: to })
  }
}
