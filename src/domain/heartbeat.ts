// The sign of life. What matters about it is that it comes: whoever misses it for three intervals knows that the
// forwarder is dead, or cannot reach them. What it says beside is how the forwarder stands, so that one look at the
// last one tells where to begin.
import { counted, type OwnRecord, ownId, stamp } from './own-records.ts'

/** So many receivers and destinations are listed: a heartbeat must be small enough for everybody. */
const LISTED = 50

/** How the forwarder stands. Times in milliseconds since 1970. */
export interface Standing {
  readonly instance: string
  readonly version: string
  readonly startedAt: number
  readonly now: number
  /** How many heartbeats there were before in this run: a clock that is set back shows the same time twice. */
  readonly before: number
  readonly receivers: readonly { readonly id: string; readonly sweptTo: number | undefined }[]
  readonly destinations: readonly DestinationStanding[]
  readonly openGaps: number
}

/** One destination fed by one receiver. */
export interface DestinationStanding {
  readonly destination: string
  readonly receiver: string
  readonly watermark: number | undefined
  readonly outstanding: number
  readonly stopped: boolean
}

export function heartbeat(standing: Standing): OwnRecord {
  const { instance, version, startedAt, now, before, receivers, destinations, openGaps } = standing
  const stopped = [...new Set(destinations.filter((one) => one.stopped).map(({ destination }) => destination))]
  const outstanding = destinations.reduce((sum, one) => sum + one.outstanding, 0)
  return {
    kind: 'heartbeat',
    id: ownId('heartbeat', instance, startedAt, now, before),
    at: now,
    level: 'info',
    body: sentence(standing, stopped, outstanding),
    attributes: {
      version,
      uptime_seconds: Math.round((now - startedAt) / 1000),
      watermark: stamp(oldestWatermark(destinations)),
      outstanding_objects: outstanding,
      open_gaps: openGaps,
      stopped,
      receivers: receivers.slice(0, LISTED).map(({ id, sweptTo }) => ({ id, swept_to: stamp(sweptTo) })),
      destinations: furthestBehind(destinations).map(({ destination, receiver, watermark, ...rest }) => {
        return { id: destination, receiver, watermark: stamp(watermark), outstanding_objects: rest.outstanding }
      }),
    },
  }
}

/** All of them, in their order; of more than can be listed those that are furthest behind. */
function furthestBehind(destinations: readonly DestinationStanding[]): readonly DestinationStanding[] {
  if (destinations.length <= LISTED) return destinations
  const mark = ({ watermark = Number.NEGATIVE_INFINITY }: DestinationStanding): number => watermark
  return destinations.toSorted((a, b) => mark(a) - mark(b)).slice(0, LISTED)
}

function sentence({ destinations, openGaps }: Standing, stopped: readonly string[], outstanding: number): string {
  const watermark = oldestWatermark(destinations)
  const complete = watermark === undefined ? 'nothing is proven complete yet' : `complete up to ${stamp(watermark)}`
  const trouble = [
    ...(openGaps > 0 ? [counted(openGaps, 'open gap')] : []),
    ...(stopped.length > 0 ? [`stopped: ${stopped.join(', ')}`] : []),
  ]
  return [`alive: ${complete}`, `${counted(outstanding, 'object')} outstanding`, ...trouble].join('; ')
}

/** Up to where every destination has everything; undefined while some has no watermark. */
function oldestWatermark(destinations: readonly DestinationStanding[]): number | undefined {
  const known = destinations.flatMap(({ watermark }) => watermark ?? [])
  return known.length === 0 || known.length < destinations.length ? undefined : Math.min(...known)
}

/**
 * One heartbeat in place of several that a destination could not be given in time. It is the last of them, says how many
 * are not sent, and may be collapsed again.
 */
export function collapsed(destination: string, beats: readonly OwnRecord[]): OwnRecord {
  const [first] = beats
  const last = beats[beats.length - 1]
  if (first === undefined || last === undefined) throw new Error('nothing to collapse')
  // Each counts what it stands for: itself, or those it was made of.
  const count = beats.reduce((sum, { attributes }) => sum + Number(attributes['heartbeats'] ?? 1), 0)
  const from = String(first.attributes['heartbeats_from'] ?? stamp(first.at))
  const to = stamp(last.at)
  return {
    ...last,
    id: ownId('heartbeats', destination, from, to, count),
    body: `${count} heartbeats from ${from} to ${to} could not be delivered in time; this one stands for them`,
    attributes: { ...last.attributes, heartbeats: count, heartbeats_from: from },
  }
}
