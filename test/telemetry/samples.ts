import type { TelemetryEvent } from '../../src/telemetry/events.ts'

type Samples = { readonly [Type in TelemetryEvent['type']]: Extract<TelemetryEvent, { type: Type }> }

const receiver = 'circleci_audit'
const destination = 'splunk_hec/soc'
const key = 'audit-logs/year=2026/month=11/day=03/hour=07/2026-11-03T07:12:00Z_1.json.gz'
const store = 's3://acme-circleci-audit'

/** One event of every type. A new type does not compile until it is here. */
export const samples: Samples = {
  objects_seen: { type: 'objects_seen', receiver, how: 'notified', fresh: 3, late: 1, known: 2, lagMs: 61_000 },
  objects_ignored: { type: 'objects_ignored', receiver, count: 1, reason: 'connectivity probe', key },
  sweep_completed: { type: 'sweep_completed', receiver, full: true, listed: 480, missed: 2, durationMs: 900 },
  sweep_failed: {
    type: 'sweep_failed',
    receiver,
    reason: 'access denied',
    hint: 'grant s3:ListBucket',
    retryInMs: 5000,
  },
  messages_received: { type: 'messages_received', receiver, count: 10 },
  messages_deleted: { type: 'messages_deleted', receiver, count: 9 },
  message_quarantined: { type: 'message_quarantined', receiver, reason: 'not JSON' },
  receive_failed: { type: 'receive_failed', receiver, reason: 'no such queue', hint: undefined, retryInMs: 5000 },
  clock_skewed: { type: 'clock_skewed', receiver, skewMs: -400_000 },
  object_read: { type: 'object_read', store, key, bytes: 1000, length: 9000, events: 12, bad: 1, durationMs: 40 },
  read_failed: {
    type: 'read_failed',
    destination,
    key,
    kind: 'denied',
    reason: 'access denied',
    hint: 'grant s3:GetObject',
    retryInMs: 60_000,
  },
  lines_quarantined: { type: 'lines_quarantined', key, count: 1, reason: 'not JSON' },
  duplicates_removed: { type: 'duplicates_removed', key, count: 4 },
  id_reused: { type: 'id_reused', key, count: 1 },
  object_altered: {
    type: 'object_altered',
    receiver,
    key,
    how: 'content',
    evidence: 'da39a3ee5e6b4b0d3255bfef95601890afd80709',
  },
  digests_unusable: { type: 'digests_unusable', receiver, objects: 20, key },
  object_lost: { type: 'object_lost', destination, key, absence: 'expired', reason: 'no longer in the bucket', reopened: 1 },
  batch_delivered: {
    type: 'batch_delivered',
    destination,
    records: 500,
    bytes: 400_000,
    attempts: 2,
    durationMs: 120,
    lagMs: 90_000,
  },
  batch_accepted: { type: 'batch_accepted', destination, records: 500 },
  batch_retried: {
    type: 'batch_retried',
    destination,
    records: 500,
    reason: '503 server is busy',
    ambiguous: true,
    attempts: 1,
    retryInMs: 2000,
  },
  batch_split: { type: 'batch_split', destination, records: 500, reason: '413' },
  records_refused: { type: 'records_refused', destination, records: 1, reason: 'event field cannot be blank' },
  records_quarantined: { type: 'records_quarantined', destination, records: 1 },
  verdicts_revoked: { type: 'verdicts_revoked', destination, records: 20, why: 'mistrusted' },
  records_filtered: { type: 'records_filtered', destination, records: 7 },
  intent_dissolved: {
    type: 'intent_dissolved',
    destination,
    records: 5,
    stored: 2,
    vanished: 1,
    reason: 'an object vanished',
  },
  destination_stopped: {
    type: 'destination_stopped',
    destination,
    cause: 'credentials',
    reason: '403 invalid token',
    retryInMs: 30_000,
  },
  destination_resumed: { type: 'destination_resumed', destination, stoppedMs: 7_200_000 },
  in_flight_changed: {
    type: 'in_flight_changed',
    destination,
    requests: 3,
    limit: 4,
    max: 16,
    bufferedBytes: 1_000_000,
    bufferCapacity: 33_554_432,
  },
  database_opened: {
    type: 'database_opened',
    path: '/var/lib/geoip/GeoLite2-City.mmdb',
    kind: 'GeoLite2-City',
    builtAt: 1_790_000_000_000,
  },
  database_unreadable: {
    type: 'database_unreadable',
    path: '/var/lib/geoip/GeoLite2-City.mmdb',
    reason: 'permission denied',
    builtAt: 1_790_000_000_000,
  },
  destination_renamed: { type: 'destination_renamed', destination, from: 'splunk_hec' },
  route_retired: { type: 'route_retired', destination, receiver, outstanding: 12, watermark: 1_793_700_000_000 },
  first_start: {
    type: 'first_start',
    destination,
    objects: 168,
    bytes: 5_000_000,
    events: 9000,
    startAt: 1_793_664_000_000,
  },
  started: { type: 'started', version: '0.1.0', destinations: [destination, 'clickhouse'], receivers: [receiver] },
  ledger_failed: {
    type: 'ledger_failed',
    doing: 'housekeeping',
    reason: 'cannot use ledger /var/lib/forwarder/ledger.db: the disk is full',
    hint: 'free some space; the forwarder goes on by itself',
  },
  stopping: { type: 'stopping', reason: 'SIGTERM' },
  stopped: { type: 'stopped', clean: true },
  bug: { type: 'bug', where: 'lane', error: new TypeError('x is undefined') },
}

export const everyEvent: readonly TelemetryEvent[] = Object.values(samples)
