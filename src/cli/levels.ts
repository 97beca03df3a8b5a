// What of a running forwarder is bounded, handed to the metrics: who holds it, and what it may hold.
import type { Config } from '../config/schema.ts'
import type { Ledger } from '../ledger/ledger.ts'
import type { DestinationSpec } from '../pipeline/parts.ts'
import type { Pipeline } from '../pipeline.ts'
import type { Levels } from '../telemetry/levels.ts'

export function levelsOf(
  { receivers, service }: Config,
  ledger: Pick<Ledger, 'holdings'>,
  pipeline: Pick<Pipeline, 'cache'>,
  destinations: readonly DestinationSpec[],
): Levels {
  const told = destinations.filter((destination) => (destination.told ?? 'everything') === 'everything')
  return {
    cache: () => pipeline.cache,
    held: () => ledger.holdings(),
    batches: destinations.map(({ id, options: { batch } }) => ({
      destination: id,
      records: batch.records,
      bytes: batch.bytes,
    })),
    retentions: Object.entries(receivers).flatMap(([receiver, { retention: ms }]) =>
      ms === undefined ? [] : [{ receiver, ms }],
    ),
    heartbeats: { destinations: told.map(({ id }) => id), intervalMs: service.heartbeat.interval },
  }
}
