// The account of an hour, told to the destination it is about: what lay in the receiver's objects of that hour, and what
// became of it there. Whoever counts what arrived from those objects must come to the same number, so a miscount on
// either side is one search. Each destination gets its own and no other's: a dead one delays nobody's accounts.
import { counted, type OwnRecord, ownId, stamp } from './own-records.ts'

/**
 * What became of one receiver's hour at one destination, to the record. `events` and `bad` (stretches that are no event) end
 * as delivered, filtered, duplicates or quarantined, except those that lost objects had.
 */
export interface HourAccount {
  readonly destination: string
  readonly receiver: string
  /** Where the hour of object time begins, in milliseconds since 1970. */
  readonly hour: number
  /** 1 for the first account of the hour; another one is given when the hour has changed since. */
  readonly revision: number
  readonly objects: number
  readonly lostObjects: number
  readonly events: number
  readonly bad: number
  readonly delivered: number
  readonly filtered: number
  readonly duplicates: number
  readonly quarantined: number
  /** Ids of the first and the last event, in the order of objects; undefined without any. */
  readonly firstId: string | undefined
  readonly lastId: string | undefined
}

/** `at` is when the account was made, in milliseconds since 1970. */
export function control(said: HourAccount, instance: string, at: number): OwnRecord {
  const { destination, receiver, hour, revision, objects, lostObjects, events, bad } = said
  const { delivered, filtered, duplicates, quarantined, firstId, lastId } = said
  return {
    kind: 'control',
    id: ownId('control', instance, destination, receiver, hour, revision),
    at,
    level: lostObjects > 0 ? 'warning' : 'info',
    body: sentence(said),
    attributes: {
      receiver,
      destination,
      hour: stamp(hour),
      revision,
      objects,
      lost_objects: lostObjects,
      events,
      bad_lines: bad,
      first_event_id: firstId,
      last_event_id: lastId,
      delivered,
      filtered,
      duplicates,
      quarantined,
    },
  }
}

function sentence({
  destination,
  receiver,
  hour,
  revision,
  objects,
  events,
  bad,
  lostObjects,
  ...ends
}: HourAccount): string {
  const { delivered, filtered, duplicates, quarantined } = ends
  const badLines = bad > 0 ? ` and ${counted(bad, 'bad line')}` : ''
  const what = `${counted(objects, 'object')} with ${counted(events, 'event')}${badLines}`
  const became = `${delivered} delivered, ${filtered} filtered, ${duplicates} duplicates, ${quarantined} quarantined`
  const lost = lostObjects > 0 ? `; ${counted(lostObjects, 'object')} lost` : ''
  const again = revision > 1 ? ` (account ${revision})` : ''
  return `${stamp(hour).slice(0, 13)}h UTC${again}, ${receiver} to ${destination}: ${what}; ${became}${lost}`
}
