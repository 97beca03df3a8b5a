// Everything the program says about itself, one named event each. Whoever tells an event knows nothing of log lines and
// metrics: `log.ts` makes the line, `metrics.ts` the numbers, so the two leave together and a name is written once.
// Reasons and hints are already free of secrets when they get here; both consumers redact once more.
import type { StandingEvent } from './events-standing.ts'

import type { GapEvent } from './gap-events.ts'

export type TelemetryEvent =
  // receiver
  | {
      readonly type: 'objects_seen'
      readonly receiver: string
      readonly how: 'notified' | 'swept'
      readonly fresh: number
      readonly late: number
      readonly known: number
      readonly lagMs: number | undefined
    }
  | {
      readonly type: 'objects_ignored'
      readonly receiver: string
      readonly count: number
      readonly reason: string
      readonly key: string
    }
  | {
      readonly type: 'sweep_completed'
      readonly receiver: string
      readonly full: boolean
      readonly listed: number
      readonly missed: number
      readonly durationMs: number
    }
  | {
      readonly type: 'sweep_failed'
      readonly receiver: string
      readonly reason: string
      readonly hint: string | undefined
      readonly retryInMs: number
    }
  | {
      readonly type: 'backfill_delayed'
      readonly receiver: string
      readonly reason: string
      readonly hint: string | undefined
      readonly retryInMs: number
    }
  | { readonly type: 'messages_received'; readonly receiver: string; readonly count: number }
  | { readonly type: 'messages_deleted'; readonly receiver: string; readonly count: number }
  | { readonly type: 'message_quarantined'; readonly receiver: string; readonly reason: string }
  | {
      readonly type: 'receive_failed'
      readonly receiver: string
      readonly reason: string
      readonly hint: string | undefined
      readonly retryInMs: number
    }
  /** Notifications can be received again. */
  | { readonly type: 'receive_resumed'; readonly receiver: string }
  /** How much is in the receiver's queues, as they estimate it; in flight only where they tell it apart. */
  | {
      readonly type: 'queue_counted'
      readonly receiver: string
      readonly waiting: number
      readonly inFlight: number | undefined
    }
  /** Nobody knows how much is in the queues, from now until they are counted again. */
  | {
      readonly type: 'queue_uncounted'
      readonly receiver: string
      readonly reason: string
      readonly hint: string | undefined
    }
  | { readonly type: 'clock_skewed'; readonly receiver: string; readonly skewMs: number }
  | { readonly type: 'clock_agreed'; readonly receiver: string }
  | {
      readonly type: 'receiver_stopped'
      readonly receiver: string
      readonly reason: string
      readonly hint: string
    }
  | { readonly type: 'receiver_resumed'; readonly receiver: string }
  | {
      readonly type: 'source_requested'
      readonly receiver: string
      /** Of the cloud: `s3`, `sqs`, `sts`, … */
      readonly service: string
      /** As the service calls it. */
      readonly operation: string
    }
  // reading
  | {
      readonly type: 'object_read'
      readonly store: string
      readonly key: string
      readonly bytes: number
      readonly length: number
      readonly events: number
      readonly bad: number
      readonly durationMs: number
    }
  | {
      readonly type: 'read_failed'
      readonly receiver: string
      readonly destination: string
      readonly key: string
      readonly kind: string
      readonly reason: string
      readonly hint: string | undefined
      readonly retryInMs: number
    }
  | { readonly type: 'lines_quarantined'; readonly key: string; readonly count: number; readonly reason: string }
  | { readonly type: 'duplicates_removed'; readonly key: string; readonly count: number }
  | { readonly type: 'id_reused'; readonly key: string; readonly count: number }
  | {
      readonly type: 'object_altered'
      readonly receiver: string
      readonly key: string
      /** Its bytes have another sha1 than its key says, or another version appeared under its key. */
      readonly how: 'content' | 'version'
      /** The sha1 found; the version before. */
      readonly evidence: string
    }
  | { readonly type: 'digests_unusable'; readonly receiver: string; readonly objects: number; readonly key: string }
  | {
      readonly type: 'object_lost'
      readonly destination: string
      readonly key: string
      readonly absence: 'expired' | 'replaced' | 'vanished'
      readonly reason: string
      readonly reopened: number
    }
  // imports
  /** The stream cannot be listed or read while an import looks up which of its events are known. */
  | {
      readonly type: 'import_waits'
      readonly receiver: string
      readonly reason: string
      readonly hint: string | undefined
      readonly retryInMs: number
    }
  | { readonly type: 'import_begun'; readonly receiver: string; readonly name: string; readonly request: number }
  | {
      readonly type: 'import_finished'
      readonly receiver: string
      readonly name: string
      readonly request: number
      readonly rows: number
      /** Events of the file that the stream lacks. */
      readonly lacking: number
    }
  /** A file that lies where imports are laid is none, or cannot be had. */
  | {
      readonly type: 'import_refused'
      readonly receiver: string
      readonly name: string
      readonly reason: string
      readonly hint: string | undefined
    }
  // delivery
  | {
      readonly type: 'batch_delivered'
      readonly destination: string
      readonly records: number
      /** Those of the records that are the forwarder's own. */
      readonly own: number
      readonly bytes: number
      readonly attempts: number
      readonly durationMs: number
      readonly lagMs: number
    }
  | { readonly type: 'batch_accepted'; readonly destination: string; readonly records: number }
  | {
      readonly type: 'batch_retried'
      readonly destination: string
      readonly records: number
      readonly reason: string
      readonly ambiguous: boolean
      readonly attempts: number
      readonly retryInMs: number
    }
  | { readonly type: 'batch_split'; readonly destination: string; readonly records: number; readonly reason: string }
  | {
      readonly type: 'records_refused'
      readonly destination: string
      readonly records: number
      readonly reason: string
    }
  | {
      readonly type: 'records_quarantined'
      readonly destination: string
      readonly records: number
      /** Why they were not sent at all; undefined of those that the destination refused, which was told before. */
      readonly reason: string | undefined
    }
  /** Of the records just delivered so many were sent otherwise than they are. One may be in several counts. */
  | {
      readonly type: 'records_changed'
      readonly destination: string
      readonly late: number
      readonly early: number
      readonly trimmed: number
    }
  /** What a destination said beside its yes. */
  | { readonly type: 'destination_noticed'; readonly destination: string; readonly notice: string }
  | {
      readonly type: 'verdicts_revoked'
      readonly destination: string
      readonly records: number
      /**
       * It refused all and accepted none; it works again after a row of refusals; or an old delivery came to light, which
       * must make nothing final that was refused today.
       */
      readonly why: 'mistrusted' | 'resumed' | 'recalled'
    }
  | { readonly type: 'records_filtered'; readonly destination: string; readonly records: number }
  | {
      readonly type: 'intent_dissolved'
      readonly destination: string
      readonly records: number
      /** Of these: already there, and no longer to be read. */
      readonly stored: number
      readonly vanished: number
      readonly reason: string
    }
  | {
      readonly type: 'destination_stopped'
      readonly destination: string
      readonly cause: 'credentials' | 'configuration'
      readonly reason: string
      readonly retryInMs: number
    }
  | { readonly type: 'destination_resumed'; readonly destination: string; readonly stoppedMs: number }
  | {
      readonly type: 'in_flight_changed'
      readonly destination: string
      readonly requests: number
      readonly limit: number
      readonly max: number
      readonly bufferedBytes: number
      readonly bufferCapacity: number
    }
  // secrets and certificates in files; `component` as in the configuration: `exporters.datadog`
  | { readonly type: 'credentials_renewed'; readonly component: string }
  | { readonly type: 'credentials_unusable'; readonly component: string; readonly reason: string }
  // databases that processors look things up in
  | { readonly type: 'database_opened'; readonly path: string; readonly kind: string; readonly builtAt: number }
  | { readonly type: 'database_unreadable'; readonly path: string; readonly reason: string; readonly builtAt: number }
  // what operators ask for
  | { readonly type: 'request_taken'; readonly request: number; readonly kind: string; readonly by: string }
  | {
      readonly type: 'request_answered'
      readonly request: number
      readonly kind: string
      readonly by: string
      /** Why it was refused; undefined if it was done. */
      readonly refused: string | undefined
    }
  // people
  /** So many notices waited for so long that nobody is told any more. */
  | { readonly type: 'notices_given_up'; readonly destination: string; readonly count: number }
  | GapEvent
  // replicas and checkpoints
  | StandingEvent
  // life
  | { readonly type: 'destination_renamed'; readonly destination: string; readonly from: string }
  | {
      readonly type: 'route_retired'
      readonly destination: string
      readonly receiver: string
      readonly outstanding: number
      readonly watermark: number | undefined
    }
  | {
      readonly type: 'first_start'
      readonly destination: string
      readonly objects: number
      readonly bytes: number
      readonly events: number
      readonly startAt: number
    }
  | {
      readonly type: 'started'
      readonly version: string
      readonly destinations: readonly string[]
      readonly receivers: readonly string[]
    }
  /** The ledger could not be written: the disk is full or failing. Whoever wanted to write tries again. */
  | { readonly type: 'ledger_failed'; readonly doing: string; readonly reason: string; readonly hint: string }
  | { readonly type: 'stopping'; readonly reason: string }
  | { readonly type: 'stopped'; readonly clean: boolean }
  | { readonly type: 'bug'; readonly where: string; readonly error: unknown }

/** Says one thing. Never throws, never waits. */
export type Tell = (event: TelemetryEvent) => void
