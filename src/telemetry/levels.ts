// What is bounded, each level beside its capacity: an alert is written against their ratio, and stays right when somebody
// changes the bound.
import type { Observe } from './observing.ts'

/** In bytes. */
export interface Level {
  readonly bytes: number
  readonly capacity: number
}

/** How full one batch of a destination may become. What it became is records_delivered_total by requests. */
export interface BatchBounds {
  readonly destination: string
  readonly records: number
  readonly bytes: number
}

/** Who is told regularly that the forwarder is alive, and how often. In milliseconds. */
export interface Heartbeats {
  readonly destinations: readonly string[]
  readonly intervalMs: number
}

export interface Levels {
  readonly cache: () => Level
  /** Quarantine, and the ledger's files on their disk. Throws where the ledger or the disk cannot be asked. */
  readonly held: () => {
    readonly quarantine: Level
    readonly disk: { readonly bytes: number; readonly free: number; readonly size: number } | undefined
  }
  readonly batches: readonly BatchBounds[]
  readonly heartbeats: Heartbeats
  /** How long objects stay in the buckets of receivers, in milliseconds, where somebody has said it. */
  readonly retentions: readonly { readonly receiver: string; readonly ms: number }[]
}

export function observeLevels(levels: Levels, observe: Observe): void {
  const cache = levels.cache()
  observe('cache_bytes', cache.bytes)
  observe('cache_capacity_bytes', cache.capacity)
  for (const { destination, records, bytes } of levels.batches) {
    observe('batch_capacity_records', records, { destination })
    observe('batch_capacity_bytes', bytes, { destination })
  }
  for (const { receiver, ms } of levels.retentions) observe('retention_seconds', ms / 1000, { receiver })
  for (const destination of levels.heartbeats.destinations)
    observe('heartbeat_interval_seconds', levels.heartbeats.intervalMs / 1000, { destination })
}

/** Throws where the ledger or its disk cannot be asked. */
export function observeHeld({ held }: Levels, observe: Observe): void {
  const { quarantine, disk } = held()
  observe('quarantine_bytes', quarantine.bytes)
  observe('quarantine_capacity_bytes', quarantine.capacity)
  if (disk === undefined) return
  observe('ledger_bytes', disk.bytes)
  observe('ledger_disk_free_bytes', disk.free)
  observe('ledger_disk_size_bytes', disk.size)
}
