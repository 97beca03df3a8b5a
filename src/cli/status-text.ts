// The status document for people: one row per destination, and under it, in words, what the row means.
import type { GapStatus } from '../admin/gaps.ts'
import { floorLines } from '../admin/page/floors.ts'
import type { ReplicaStatus } from '../admin/replica.ts'
import type { StatusDocument } from '../admin/status.ts'
import { count, duration, oneLine } from '../telemetry/units.ts'
import { destinationLines, short } from './destination-text.ts'

/** `rates`: records per second by destination and receiver, where there was an earlier document to compare with. */
export function statusText(document: StatusDocument, rates?: ReadonlyMap<string, number>): string {
  return [
    ...forwarder(document),
    ...document.gaps.filter(({ state }) => state !== 'healed').flatMap(gap),
    ...(document.destinations.length === 0 ? [nothing(document)] : destinationLines(document.destinations, rates)),
    '',
    ...document.retired.map(retired),
    ...document.receivers.flatMap((one) => [receiver(one), ...floors(one)]),
    totals(document),
  ]
    .map(oneLine)
    .join('\n')
}

function nothing({ replica }: StatusDocument): string {
  if (replica?.role === 'standing by') return 'nothing to tell of destinations: ask the replica that owns the sending'
  return 'no destination yet: the forwarder has not been started with this ledger'
}

function forwarder({ forwarder, replica, at }: StatusDocument): readonly string[] {
  if (forwarder === null) return [`read from the ledger at ${short(at)}`, '']
  const up = `circleci-audit-forwarder ${forwarder.version}, up ${duration(forwarder.uptimeSeconds * 1000)}`
  return [up, ...(replica === null || replica === undefined ? [] : [standing(replica)]), '']
}

function standing({ role, owner, epoch, checkpointAt }: ReplicaStatus): string {
  const whose = role === 'owner' ? 'this replica owns the sending' : `${role}: owner ${owner ?? 'unknown'}`
  const copy = checkpointAt === null ? 'no checkpoint yet' : `checkpoint of ${short(checkpointAt)}`
  return `${whose}, epoch ${epoch ?? 'unknown'}, ${copy}`
}

function gap({ id, kind, subject, severity, state, from, to, evidence, next }: GapStatus): readonly string[] {
  const mark = state === 'open' ? severity.toUpperCase() : state
  const until = to === null ? 'now' : short(to)
  return [`${mark} ${kind} ${subject}, ${short(from)} to ${until}: ${evidence}`, `  next: ${next} (${id})`, '']
}

function retired({ id, receiver, retiredAt, watermark, undelivered }: StatusDocument['retired'][number]): string {
  const since = retiredAt === null ? '' : ` since ${short(retiredAt)}`
  const left = undelivered.objects === 0 ? 'nothing' : count(undelivered.objects, 'object')
  const complete = watermark === null ? 'never complete' : `complete up to ${short(watermark)}`
  return `${id} ← ${receiver}: no longer configured${since}, ${left} undelivered, ${complete}`
}

function receiver({ id, sweptTo, lastObjectTime, stop }: StatusDocument['receivers'][number]): string {
  const swept = sweptTo === null ? 'no complete sweep yet' : `last complete sweep ${short(sweptTo)}`
  const newest = lastObjectTime === null ? 'no object yet' : `newest object ${short(lastObjectTime)}`
  const stopped = stop === null ? '' : `STOPPED since ${short(stop.since)}: ${stop.reason}; `
  return `${id}: ${stopped}${swept}, ${newest}`
}

/** How short a silence would be told. Where nothing is known yet, that nothing would be is said. */
function floors({ floors, sweptTo }: StatusDocument['receivers'][number]): readonly string[] {
  const lines = floorLines(floors)
  if (lines.length > 0) {
    const width = Math.max(...lines.map(({ days }) => days.length))
    const hours = lines.map(({ days, hours }) => `    ${days.padEnd(width)}  ${hours}`)
    return ['  shortest silence that is told, by hour in UTC:', ...hours]
  }
  return sweptTo === null ? [] : ['  too little is known of its rhythm: no silence is told yet, and no hour is proven']
}

function totals({ totals }: StatusDocument): string {
  const bad = totals.bad === 0 ? '' : `, ${count(totals.bad, 'bad line')}`
  const altered = totals.altered === 0 ? '' : `, ${count(totals.altered, 'object')} ALTERED: see the log`
  return `${count(totals.objects, 'object')} known, ${count(totals.events, 'event')} decided${bad}${altered}`
}
