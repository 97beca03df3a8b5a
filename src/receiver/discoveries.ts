import { type Discovery, objectTime, type Sighting } from '../domain/objects.ts'
import type { TelemetryEvent } from '../telemetry/events.ts'
import type { SeenCounts } from './sightings.ts'

/**
 * What is told of objects seen. The lag is the oldest object's age, and known only if all of them are new: which of a
 * mixed lot are new, the ledger does not say.
 */
export function toldSeen(
  receiver: string,
  how: Discovery,
  sightings: readonly Sighting[],
  { fresh, late, known }: SeenCounts,
  now: number,
): TelemetryEvent {
  const oldest = sightings.reduce((least, sighting) => Math.min(least, objectTime(sighting)), now)
  const lagMs = fresh > 0 && fresh === sightings.length ? now - oldest : undefined
  return { type: 'objects_seen', receiver, how, fresh, late, known, lagMs }
}
