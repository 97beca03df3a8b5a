// Every metric's name, kind and meaning, as data: dashboards and alert rules are written against these names, so they
// change only with a note in the changelog. Names say the unit; counters count since the start of the process, except
// those the ledger keeps. Labels hold configured ids and words of this program, never a key, a reason or an address,
// so that the number of series is bounded by the configuration.

/** Before every name but the `process_*` ones, which Prometheus itself has named. */
export const prefix = 'circleci_audit_forwarder_'

export const counters = {
  objects_fresh_total: 'Objects seen for the first time, by how they were found.',
  objects_known_total: 'Objects announced or listed again, or older than every start_at.',
  objects_late_total: 'Objects first seen below the watermark of a destination.',
  objects_missed_total: 'Objects the sweep found that no notification had announced in time.',
  objects_ignored_total: 'Objects that hold no audit events by their key or size.',
  sweeps_total: 'Listings of the bucket, by result.',
  messages_received_total: 'Notifications received from the queue.',
  messages_deleted_total: 'Notifications deleted after what they announced was recorded.',
  messages_quarantined_total: 'Notifications that announce nothing this program understands.',
  receive_errors_total: 'Failed attempts to receive notifications.',
  source_requests_total:
    'Requests to the store, the queues and for credentials of a role, by operation: what a cloud bills.',
  objects_read_total: 'Objects read to their end, readings again included.',
  read_bytes_total: 'Bytes of objects read, decompressed.',
  events_read_total: 'Audit events read, readings again included.',
  read_errors_total: 'Failed readings of an object, by kind.',
  objects_altered_total: 'Objects that changed after CircleCI wrote them. Anything but 0 is to be looked into.',
  lines_quarantined_total: 'Lines that are no event, kept in quarantine.',
  duplicates_removed_total: 'Events found to be copies, counted once per object.',
  ids_reused_total: 'Events with an id seen before but another time: forwarded and reported.',
  records_delivered_total: 'Records of audit events the destination stored. Counted after it said so.',
  own_records_delivered_total: "The forwarder's own records the destination stored: heartbeats, controls, gaps, acts.",
  records_accepted_total: 'Records taken by the destination and not yet acknowledged.',
  records_filtered_total: 'Records withheld by a filter.',
  records_refused_total: 'Records the destination refused. Provisional until it accepts another one.',
  records_quarantined_total: 'Refused records kept in quarantine for good.',
  records_changed_total:
    'Records delivered otherwise than they are: late or early ones under another time, or trimmed.',
  destination_notices_total: 'Deliveries to which the destination remarked something.',
  records_revoked_total: 'Refused records that were sent again because nothing at all was accepted.',
  sent_bytes_total: 'Encoded bytes of delivered records, before compression.',
  send_errors_total: 'Attempts that did not deliver, by outcome.',
  retries_total: 'Batches to be sent again.',
  splits_total: 'Batches halved because they were too large.',
  batches_dissolved_total: 'Batches that could not be formed again after a restart.',
  destination_stops_total: 'Times a destination stopped, by cause.',
  notices_given_up_total: 'Notices of gaps that nobody could be told for a week.',
  gaps_opened_total: 'Gaps that opened, by kind and severity.',
  gaps_closed_total: 'Gaps that are over, by kind and by how: healed, or acknowledged.',
  checkpoints_total: 'Copies of the ledger for the next owner, by result.',
  ledger_restores_total: 'Ledgers restored from a checkpoint: what was sent after it was sent again.',
  ownership_renewals_failed_total: 'Renewals of the ownership that failed. Sending stops before the term ends.',
  ledger_errors_total: 'Attempts to write the ledger that failed: the disk is full or failing.',
  bugs_total: 'Unexpected errors. Anything but 0 is worth a report.',
} as const

const seconds = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120]
const lags = [1, 5, 15, 30, 60, 120, 300, 600, 1800, 3600, 10_800, 43_200, 86_400, 604_800]

export const histograms = {
  source_lag_seconds: { help: "From an object's time to its first sight.", boundaries: lags },
  sweep_duration_seconds: {
    help: 'Duration of complete listings.',
    boundaries: [0.1, 0.5, 1, 5, 10, 30, 60, 300, 900, 3600],
  },
  object_read_duration_seconds: { help: 'Reading, decompressing and decoding one object.', boundaries: seconds },
  request_duration_seconds: { help: 'One delivered request, from first byte to answer.', boundaries: seconds },
  delivery_lag_seconds: { help: "From a record's object time to its delivery.", boundaries: lags },
} as const

/** Kept by the ledger, so they go on counting over restarts. */
export const ledgerCounters = {
  duplicates_skipped_total: 'Copies not sent to this destination, because it has the first one.',
  possible_duplicates_total: 'Records this destination may hold twice.',
  copies_adopted_total: 'Copies sent because this destination never got the first one.',
  lost_objects_total: 'Objects the bucket lost before this destination had them.',
  lost_bytes_total: 'Bytes of lost objects, as far as they were known.',
} as const

export const gauges = {
  watermark_timestamp_seconds: 'Everything up to this object time is settled and named. Absent before the first sweep.',
  watermark_age_seconds: 'How far the watermark is behind now. Absent before the first sweep.',
  last_event_timestamp_seconds: 'Time of the newest event that the destination has. Absent before the first.',
  last_delivery_timestamp_seconds:
    'When the destination last stored an event of this receiver. Absent before the first.',
  outstanding_objects: 'Objects with something still to deliver.',
  outstanding_late_objects: 'Those of the outstanding objects that were first seen below the watermark.',
  oldest_outstanding_age_seconds: 'Age of the oldest outstanding object; 0 when nothing is outstanding.',
  quarantined_records: 'Records and lines of this destination that are in quarantine now.',
  provisional_records: 'Refused records held until the destination accepts another one.',
  last_object_timestamp_seconds: "Object time of the receiver's newest object.",
  swept_to_timestamp_seconds: 'Start of the last sweep that listed everything. Absent before the first.',
  destination_stopped: '1 while the destination lets nothing through, for this cause.',
  gaps_open: 'Gaps that are open and that nobody has acknowledged, by kind and severity.',
  receiver_stopped: '1 while no event of the expected organisation is found.',
  messages_waiting:
    'Notifications in the queues, as these estimate: those nobody has received; of Azure, those being read as well. Absent where nobody may ask.',
  messages_in_flight:
    'Notifications received and not yet deleted, as the queues estimate. Absent where nobody may ask, and of Azure.',
  in_flight_requests: 'Requests waiting for their answer.',
  concurrency_limit: 'Requests at once, as adapted to what the destination bears.',
  concurrency_max: 'Requests at once, as configured.',
  buffered_bytes: 'Encoded bytes held in memory.',
  buffer_capacity_bytes: 'Encoded bytes that may be held in memory.',
  batch_capacity_records: 'Records that one batch may hold. What batches hold is records delivered by requests.',
  batch_capacity_bytes: 'Encoded bytes that one batch may hold.',
  cache_bytes: 'Decoded events held in memory for destinations that are not in step.',
  cache_capacity_bytes: 'Decoded events that may be held in memory.',
  quarantine_bytes: 'What quarantine holds. At its capacity, destinations with a refusal stop.',
  quarantine_capacity_bytes: 'What quarantine may hold.',
  ledger_bytes: 'The files of the ledger. Absent for a ledger in memory.',
  ledger_disk_free_bytes: 'What is free on the disk of the ledger.',
  ledger_disk_size_bytes: 'The size of that disk.',
  heap_bytes: 'Memory in use by JavaScript objects.',
  heap_capacity_bytes: 'Memory that JavaScript objects may use before the process ends.',
  memory_capacity_bytes: 'Memory that the process may use in all: what its container has, else the machine.',
  retention_seconds:
    'How long objects stay in the bucket, which is how old the oldest outstanding may become. Absent where it is not set.',
  heartbeat_interval_seconds:
    'How often the destination is told that the forwarder is alive. Absent if it is not told.',
  own_record_delivered_timestamp_seconds:
    'When the destination last stored a record of the forwarder itself; before the first, when the process began.',
  clock_skew_seconds: "The store's clock minus this machine's, when last found too large; 0 since it was no more.",
  ledger_readable: '0 when the ledger or its disk could not be asked for this scrape: then its numbers are absent.',
  credential_expiry_timestamp_seconds:
    'When a certificate or shared access signature that a setting names ends. Absent where nothing says so.',
  owner: '1 on the replica that sends, 0 on those that stand by. Absent without service.checkpoint.',
  owner_epoch: 'Epoch of the ownership, as this replica knows it. Grows with every change.',
  checkpoint_timestamp_seconds: 'When the ledger of the last checkpoint was copied.',
  checkpoint_bytes: 'Size of the last checkpoint, compressed.',
  build_info: 'Always 1; the version is a label.',
} as const

export type CounterName = keyof typeof counters
export type HistogramName = keyof typeof histograms
export type LedgerCounterName = keyof typeof ledgerCounters
export type GaugeName = keyof typeof gauges
/** Gauges that stand until the next event moves them. */
export type StandingName = 'owner' | 'owner_epoch' | 'checkpoint_timestamp_seconds' | 'checkpoint_bytes'
