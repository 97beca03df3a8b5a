// Which numbers move with which event. Exhaustive by type, like the wording: an event that counts nothing says so.
import { gapKinds } from '../domain/gaps.ts'
import type { TelemetryEvent } from './events.ts'
import type { CounterName, HistogramName, StandingName } from './instruments.ts'

export type Labels = Readonly<Record<string, string>>

/** Where numbers go. */
export interface Tallies {
  add(name: CounterName, value: number, labels?: Labels): void
  record(name: HistogramName, value: number, labels?: Labels): void
  skew(receiver: string, seconds: number): void
  /** What waits in the receiver's queues and what was received of it; undefined while nobody knows. */
  depth(receiver: string, waiting: number | undefined, inFlight: number | undefined): void
  /** Whether the receiver is stopped. */
  halt(receiver: string, halted: boolean): void
  /** What this replica is, or has left. */
  set(name: StandingName, value: number): void
}

type Counting = {
  readonly [Type in TelemetryEvent['type']]: (event: Extract<TelemetryEvent, { type: Type }>, to: Tallies) => void
}

const nothing = () => {}
const readErrors = new Set(['expired', 'replaced', 'vanished', 'denied', 'archived', 'foreign', 'unreachable'])

const counting: Counting = {
  objects_seen: ({ receiver, how, fresh, late, known, lagMs }, to) => {
    to.add('objects_fresh_total', fresh, { receiver, how })
    to.add('objects_known_total', known, { receiver, how })
    to.add('objects_late_total', late, { receiver })
    if (lagMs !== undefined) to.record('source_lag_seconds', Math.max(0, lagMs) / 1000, { receiver })
  },
  objects_ignored: ({ receiver, count }, to) => to.add('objects_ignored_total', count, { receiver }),
  sweep_completed: ({ receiver, missed, durationMs }, to) => {
    to.add('sweeps_total', 1, { receiver, result: 'completed' })
    to.add('objects_missed_total', missed, { receiver })
    to.record('sweep_duration_seconds', durationMs / 1000, { receiver })
  },
  sweep_failed: ({ receiver }, to) => to.add('sweeps_total', 1, { receiver, result: 'failed' }),
  backfill_delayed: nothing,
  request_taken: nothing,
  request_answered: nothing,
  messages_received: ({ receiver, count }, to) => to.add('messages_received_total', count, { receiver }),
  messages_deleted: ({ receiver, count }, to) => to.add('messages_deleted_total', count, { receiver }),
  message_quarantined: ({ receiver }, to) => to.add('messages_quarantined_total', 1, { receiver }),
  receive_failed: ({ receiver }, to) => to.add('receive_errors_total', 1, { receiver }),
  receive_resumed: nothing,
  queue_counted: ({ receiver, waiting, inFlight }, to) => to.depth(receiver, waiting, inFlight),
  queue_uncounted: ({ receiver }, to) => to.depth(receiver, undefined, undefined),
  clock_skewed: ({ receiver, skewMs }, to) => to.skew(receiver, skewMs / 1000),
  clock_agreed: ({ receiver }, to) => to.skew(receiver, 0),
  receiver_stopped: ({ receiver }, to) => to.halt(receiver, true),
  receiver_resumed: ({ receiver }, to) => to.halt(receiver, false),
  source_requested: ({ receiver, service, operation }, to) =>
    to.add('source_requests_total', 1, { receiver, service, operation }),
  object_read: ({ store, length, events, durationMs }, to) => {
    to.add('objects_read_total', 1, { store })
    to.add('read_bytes_total', length, { store })
    to.add('events_read_total', events, { store })
    to.record('object_read_duration_seconds', durationMs / 1000, { store })
  },
  read_failed: ({ destination, kind }, to) =>
    to.add('read_errors_total', 1, { destination, kind: readErrors.has(kind) ? kind : 'other' }),
  lines_quarantined: ({ count }, to) => to.add('lines_quarantined_total', count),
  duplicates_removed: ({ count }, to) => to.add('duplicates_removed_total', count),
  id_reused: ({ count }, to) => to.add('ids_reused_total', count),
  object_altered: ({ receiver, how }, to) => to.add('objects_altered_total', 1, { receiver, how }),
  digests_unusable: nothing,
  import_waits: nothing,
  import_begun: nothing,
  import_finished: nothing,
  import_refused: nothing,
  object_lost: nothing, // the ledger counts them
  batch_delivered: ({ destination, records, own, bytes, durationMs, lagMs }, to) => {
    to.add('records_delivered_total', records - own, { destination })
    to.add('own_records_delivered_total', own, { destination })
    to.add('sent_bytes_total', bytes, { destination })
    to.record('request_duration_seconds', durationMs / 1000, { destination })
    to.record('delivery_lag_seconds', Math.max(0, lagMs) / 1000, { destination })
  },
  batch_accepted: ({ destination, records }, to) => to.add('records_accepted_total', records, { destination }),
  batch_retried: ({ destination, ambiguous }, to) => {
    to.add('retries_total', 1, { destination })
    to.add('send_errors_total', 1, { destination, outcome: ambiguous ? 'ambiguous' : 'retry' })
  },
  batch_split: ({ destination }, to) => {
    to.add('splits_total', 1, { destination })
    to.add('send_errors_total', 1, { destination, outcome: 'split' })
  },
  records_refused: ({ destination, records }, to) => {
    to.add('records_refused_total', records, { destination })
    to.add('send_errors_total', 1, { destination, outcome: 'refused' })
  },
  records_quarantined: ({ destination, records }, to) => to.add('records_quarantined_total', records, { destination }),
  records_changed: ({ destination, late, early, trimmed }, to) => {
    for (const [change, records] of Object.entries({ late, early, trimmed })) {
      if (records > 0) to.add('records_changed_total', records, { destination, change })
    }
  },
  destination_noticed: ({ destination }, to) => to.add('destination_notices_total', 1, { destination }),
  verdicts_revoked: ({ destination, records }, to) => to.add('records_revoked_total', records, { destination }),
  records_filtered: ({ destination, records }, to) => to.add('records_filtered_total', records, { destination }),
  intent_dissolved: ({ destination }, to) => to.add('batches_dissolved_total', 1, { destination }),
  destination_stopped: ({ destination, cause }, to) => {
    to.add('destination_stops_total', 1, { destination, cause })
    to.add('send_errors_total', 1, { destination, outcome: 'stopped' })
  },
  destination_resumed: nothing,
  in_flight_changed: nothing, // gauges, read from the lanes' state
  notices_given_up: ({ count: notices }, to) => to.add('notices_given_up_total', notices),
  credentials_renewed: nothing,
  credentials_unusable: nothing,
  gap_opened: ({ kind, severity }, to) => to.add('gaps_opened_total', 1, { kind, severity }),
  gap_reminded: nothing,
  gap_acknowledged: nothing,
  gap_closed: ({ kind, state }, to) => to.add('gaps_closed_total', 1, { kind, state }),
  rhythm_learned: nothing,
  history_failed: nothing,
  standing_by: ({ epoch }, to) => owns(false, epoch, to),
  ownership_taken: ({ epoch }, to) => owns(true, epoch, to),
  ownership_unrenewed: (_, to) => to.add('ownership_renewals_failed_total', 1),
  ownership_lost: ({ epoch }, to) => owns(false, epoch, to),
  ownership_given_up: ({ epoch }, to) => owns(false, epoch, to),
  checkpoint_unreachable: nothing,
  checkpoint_made: ({ takenAt, bytes }, to) => {
    to.add('checkpoints_total', 1, { result: 'made' })
    to.set('checkpoint_timestamp_seconds', takenAt / 1000)
    to.set('checkpoint_bytes', bytes)
  },
  checkpoint_failed: (_, to) => to.add('checkpoints_total', 1, { result: 'failed' }),
  checkpoints_kept: nothing,
  ledger_restored: ({ takenAt }, to) => {
    to.add('ledger_restores_total', 1)
    to.set('checkpoint_timestamp_seconds', takenAt / 1000)
  },
  database_opened: nothing,
  database_unreadable: nothing,
  destination_renamed: nothing,
  route_retired: nothing,
  first_start: nothing,
  started: ({ receivers, destinations }, to) => zeroes(receivers, destinations, to),
  ledger_failed: (_, to) => to.add('ledger_errors_total', 1),
  stopping: nothing,
  stopped: nothing,
  bug: (_, to) => to.add('bugs_total', 1),
}

const changes = ['early', 'late', 'trimmed']
const outcomes = ['ambiguous', 'refused', 'retry', 'split', 'stopped']
const perReceiver: readonly CounterName[] = [
  'objects_late_total',
  'objects_missed_total',
  'messages_received_total',
  'messages_deleted_total',
  'messages_quarantined_total',
  'receive_errors_total',
]
const perDestination: readonly CounterName[] = [
  'records_delivered_total',
  'own_records_delivered_total',
  'records_filtered_total',
  'records_refused_total',
  'records_quarantined_total',
  'sent_bytes_total',
  'retries_total',
  'destination_notices_total',
]
const alone: readonly CounterName[] = [
  'lines_quarantined_total',
  'duplicates_removed_total',
  'ids_reused_total',
  'notices_given_up_total',
  'bugs_total',
  'ledger_errors_total',
]

/** How a gap ends. */
const ends = ['acknowledged', 'healed']

/** Counters begin with the replica's first standing, so that there are none where there are no replicas. */
function owns(owner: boolean, epoch: number, to: Tallies): void {
  to.set('owner', owner ? 1 : 0)
  to.set('owner_epoch', epoch)
  to.add('ownership_renewals_failed_total', 0)
  to.add('ledger_restores_total', 0)
  for (const result of ['made', 'failed']) to.add('checkpoints_total', 0, { result })
}

/** Series that begin at 0, so that the first increase is one to Prometheus too. */
function zeroes(receivers: readonly string[], destinations: readonly string[], to: Tallies): void {
  for (const name of alone) to.add(name, 0)
  for (const kind of gapKinds) zeroesOfKind(kind, to)
  for (const receiver of receivers) {
    to.halt(receiver, false)
    for (const name of perReceiver) to.add(name, 0, { receiver })
    for (const how of ['content', 'version']) to.add('objects_altered_total', 0, { receiver, how })
    for (const how of ['notified', 'swept']) to.add('objects_fresh_total', 0, { receiver, how })
    for (const result of ['completed', 'failed']) to.add('sweeps_total', 0, { receiver, result })
  }
  for (const destination of destinations) zeroesOf(destination, to)
}

function zeroesOfKind(kind: string, to: Tallies): void {
  for (const severity of ['warning', 'critical']) to.add('gaps_opened_total', 0, { kind, severity })
  for (const state of ends) to.add('gaps_closed_total', 0, { kind, state })
}

function zeroesOf(destination: string, to: Tallies): void {
  for (const name of perDestination) to.add(name, 0, { destination })
  for (const change of changes) to.add('records_changed_total', 0, { destination, change })
  for (const outcome of outcomes) to.add('send_errors_total', 0, { destination, outcome })
}

/** Moves the numbers that belong to one event. */
export function count(event: TelemetryEvent, to: Tallies): void {
  const move = counting[event.type] as (event: TelemetryEvent, to: Tallies) => void
  move(event, to)
}
