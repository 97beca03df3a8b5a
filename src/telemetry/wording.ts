// What each event is called in the log: level and sentence. The sentence says what happened, to whom and what follows;
// the event's own fields go beside it. Exhaustive by type: an event without a sentence does not compile.
// debug: the normal course; info: what an operator wants to find later; warn: mends itself or wants a look;
// error: someone must act.
import type { TelemetryEvent } from './events.ts'
import { bytes, count, duration } from './units.ts'
import { standing } from './wording-standing.ts'

export type Level = 'debug' | 'info' | 'warn' | 'error'
export type Sentence = readonly [Level, string]
export type Wording = {
  readonly [Type in TelemetryEvent['type']]: (event: Extract<TelemetryEvent, { type: Type }>) => Sentence
}

const rounded = (number: number): string => number.toFixed(1)
const next = (hint: string | undefined) => (hint === undefined ? '' : `; ${hint}`)

const revoked = {
  mistrusted: 'refused every record and accepted none',
  resumed: 'takes records again after it refused several in a row',
  recalled: 'had stored a batch whose answer was lost, which confirms no later refusal',
} as const

/** `2 late records under the time of arrival, 1 record trimmed` */
function changes({ late, early, trimmed }: Extract<TelemetryEvent, { type: 'records_changed' }>): string {
  const arrival = 'under the time of arrival'
  return [
    late > 0 ? [`${count(late, 'late record')} ${arrival}`] : [],
    early > 0 ? [`${count(early, 'record')} of the future ${arrival}`] : [],
    trimmed > 0 ? [`${count(trimmed, 'record')} trimmed`] : [],
  ]
    .flat()
    .join(', ')
}

const wording: Wording = {
  objects_seen: (e) => [
    e.fresh === 0 ? 'debug' : 'info',
    `${e.receiver}: ${count(e.fresh, 'new object')} ${e.how === 'swept' ? 'found by the sweep' : 'announced'}` +
      (e.late > 0 ? `, ${e.late} of them late (older than the watermark)` : ''),
  ],
  objects_ignored: (e) => [
    'info',
    `${e.receiver}: ${count(e.count, 'object')} ignored (${e.reason}), for example ${e.key}`,
  ],
  sweep_completed: (e) => [
    e.missed > 0 ? 'warn' : 'debug',
    `${e.receiver}: sweep listed ${count(e.listed, 'object')} in ${duration(e.durationMs)}` +
      (e.missed > 0 ? `; ${e.missed} of them had not been announced: check the bucket's notifications` : ''),
  ],
  sweep_failed: (e) => [
    'error',
    `${e.receiver}: cannot list the bucket: ${e.reason}${next(e.hint)}; the watermark waits, next try in ${duration(e.retryInMs)}`,
  ],
  backfill_delayed: (e) => [
    'warn',
    `${e.receiver}: cannot list the bucket for a backfill: ${e.reason}${next(e.hint)}; next try in ${duration(e.retryInMs)}`,
  ],
  messages_received: (e) => ['debug', `${e.receiver}: received ${count(e.count, 'message')}`],
  messages_deleted: (e) => ['debug', `${e.receiver}: deleted ${count(e.count, 'message')}`],
  message_quarantined: (e) => [
    'warn',
    `${e.receiver}: a message announces nothing this program understands (${e.reason}); kept in quarantine`,
  ],
  receive_failed: (e) => [
    'error',
    `${e.receiver}: cannot receive notifications: ${e.reason}${next(e.hint)}; the sweep finds new objects meanwhile, next try in ${duration(e.retryInMs)}`,
  ],
  receive_resumed: (e) => ['info', `${e.receiver}: notifications can be received again`],
  queue_counted: (e) => [
    'debug',
    `${e.receiver}: about ${count(e.waiting, 'message')} waiting` +
      (e.inFlight === undefined ? '' : `, ${e.inFlight} in flight`),
  ],
  queue_uncounted: (e) => [
    'info',
    `${e.receiver}: how much waits in the queue is not known: ${e.reason}${next(e.hint)}; two metrics are absent for it, and nothing else`,
  ],
  clock_skewed: (e) => [
    'warn',
    `${e.receiver}: this machine's clock and the store's are ${duration(Math.abs(e.skewMs))} apart; synchronise the clock`,
  ],
  clock_agreed: (e) => ['info', `${e.receiver}: this machine's clock and the store's agree again`],
  object_read: (e) => [
    'debug',
    `read ${e.store}/${e.key}: ${count(e.events, 'event')}, ${bytes(e.length)}` +
      (e.bad > 0 ? `, ${count(e.bad, 'bad line')}` : ''),
  ],
  read_failed: (e) => [
    e.kind === 'denied' || e.kind === 'archived' ? 'error' : 'warn',
    `${e.destination}: cannot read ${e.key}: ${e.reason}${next(e.hint)}; it stays outstanding, next try in ${duration(e.retryInMs)}`,
  ],
  lines_quarantined: (e) => [
    'error',
    `${e.key}: ${count(e.count, 'line')} cannot be read as an event (${e.reason}); kept in quarantine`,
  ],
  duplicates_removed: (e) => [
    'debug',
    `${e.key}: ${count(e.count, 'event')} seen before in another place, forwarded once`,
  ],
  id_reused: (e) => [
    'warn',
    `${e.key}: ${count(e.count, 'event')} with an id seen before but another time; forwarded, not taken for copies`,
  ],
  object_altered: (e) => [
    'error',
    e.how === 'content'
      ? `${e.receiver}: ${e.key} was ALTERED: its bytes have the sha1 ${e.evidence}, not the one CircleCI wrote into its key; what it holds is forwarded all the same; find out who can write to the bucket`
      : `${e.receiver}: ${e.key} was ALTERED: it was known as version ${e.evidence} and has another now; events it held before are copies, new ones are forwarded; find out who can write to the bucket`,
  ],
  import_waits: (e) => [
    'warn',
    `${e.receiver}: an import cannot look into the stream: ${e.reason}${next(e.hint)}; next try in ${duration(e.retryInMs)}`,
  ],
  import_begun: (e) => ['info', `${e.receiver}: importing ${e.name} (request ${e.request})`],
  import_finished: (e) => [
    e.lacking > 0 ? 'warn' : 'info',
    `${e.receiver}: ${e.name} is imported, ${count(e.rows, 'row')}; the stream lacks ${count(e.lacking, 'event')} of it`,
  ],
  import_refused: (e) => ['error', `${e.receiver}: ${e.name} is not imported: ${e.reason}${next(e.hint)}`],
  digests_unusable: (e) => [
    'warn',
    `${e.receiver}: the sha1 in the keys is not that of the objects (none of the first ${e.objects}, for example ${e.key}); contents are not compared with it until the next start`,
  ],
  object_lost: (e) => [
    'error',
    `${e.destination}: ${e.key} is lost (${e.absence}): ${e.reason}` +
      (e.reopened > 0 ? `; copies of its events are due again in ${count(e.reopened, 'other object')}` : ''),
  ],
  batch_delivered: (e) => [
    'debug',
    `${e.destination}: delivered ${count(e.records, 'record')}, ${bytes(e.bytes)} in ${duration(e.durationMs)}` +
      (e.attempts > 1 ? `, attempt ${e.attempts}` : ''),
  ],
  batch_accepted: (e) => [
    'debug',
    `${e.destination}: accepted ${count(e.records, 'record')}, waiting for the acknowledgement`,
  ],
  batch_retried: (e) => [
    'warn',
    `${e.destination}: ${count(e.records, 'record')} not delivered: ${e.reason}; next try in ${duration(e.retryInMs)}` +
      (e.ambiguous ? '; they may have been stored although no answer came' : ''),
  ],
  batch_split: (e) => [
    'info',
    `${e.destination}: a batch of ${count(e.records, 'record')} is too large (${e.reason}); sent in halves`,
  ],
  records_refused: (e) => [
    'error',
    `${e.destination}: refuses ${count(e.records, 'record')}: ${e.reason}; held until it accepts others`,
  ],
  records_quarantined: (e) => [
    'error',
    e.reason === undefined
      ? `${e.destination}: ${count(e.records, 'refused record')} kept in quarantine with its bytes and the reason`
      : `${e.destination}: ${count(e.records, 'record')} not sent, kept in quarantine: ${e.reason}`,
  ],
  records_changed: (e) => ['warn', `${e.destination}: took ${changes(e)}; they are marked so there`],
  destination_noticed: (e) => ['warn', `${e.destination}: took the records, and said: ${e.notice}`],
  verdicts_revoked: (e) => [
    'warn',
    `${e.destination}: ${revoked[e.why]}; ${count(e.records, 'record')} will be sent again`,
  ],
  records_filtered: (e) => ['debug', `${e.destination}: ${count(e.records, 'record')} withheld by a filter`],
  intent_dissolved: (e) => [
    'warn',
    `${e.destination}: a batch of ${count(e.records, 'record')} cannot be formed again (${e.reason})` +
      (e.stored > 0 ? `; ${e.stored} had arrived` : '') +
      (e.vanished > 0 ? `; whether ${e.vanished} arrived cannot be told any more` : '') +
      '; what can be read and has not arrived is sent anew',
  ],
  destination_stopped: (e) => [
    'error',
    `${e.destination}: stopped, nothing is dropped: ${e.reason}; check its ${e.cause}; next probe in ${duration(e.retryInMs)}`,
  ],
  destination_resumed: (e) => ['info', `${e.destination}: delivers again after ${duration(e.stoppedMs)}`],
  receiver_stopped: (e) => ['error', `${e.receiver}: stopped, nothing is lost: ${e.reason}${next(e.hint)}`],
  receiver_resumed: (e) => ['info', `${e.receiver}: goes on`],
  source_requested: (e) => ['debug', `${e.receiver}: ${e.service} ${e.operation}`],
  in_flight_changed: (e) => [
    'debug',
    `${e.destination}: ${count(e.requests, 'request')} in flight, ${e.limit} at once`,
  ],
  notices_given_up: (e) => [
    'error',
    `${e.destination}: ${count(e.count, 'notice')} of gaps could not be told for a week and will not be any more; see the gaps themselves, and why it takes nothing`,
  ],
  credentials_renewed: (e) => ['info', `${e.component}: secrets or certificates were replaced; they hold from now on`],
  credentials_unusable: (e) => [
    'error',
    `${e.component}: secrets or certificates were replaced and cannot be used: ${e.reason}; those before stay in use until the files are mended`,
  ],
  gap_opened: (e) => [
    e.severity === 'critical' ? 'error' : 'warn',
    `GAP ${e.kind} (${e.subject}): ${e.evidence}; next: ${e.next}`,
  ],
  gap_reminded: (e) => [
    e.severity === 'critical' ? 'error' : 'warn',
    `gap ${e.kind} (${e.subject}) is open for ${duration(e.openMs)}: ${e.evidence}; next: ${e.next}`,
  ],
  gap_acknowledged: (e) => ['info', `gap ${e.kind} (${e.subject}) acknowledged by ${e.by}: ${e.note}`],
  gap_closed: (e) => ['info', `gap ${e.kind} (${e.subject}) is over: ${e.why}`],
  rhythm_learned: (e) => [
    'debug',
    e.judged
      ? `${e.receiver}: rhythm learned from ${rounded(e.weeks)} weeks with ${count(e.arrivals, 'arrival')}`
      : `${e.receiver}: ${rounded(e.weeks)} weeks with ${count(e.arrivals, 'arrival')} are too little to tell a rhythm; no silence is judged yet`,
  ],
  history_failed: (e) => [
    'warn',
    `${e.receiver}: the bucket's history cannot be listed: ${e.reason}; no silence is judged before, next try in ${duration(e.retryInMs)}`,
  ],
  database_opened: (e) => ['info', `${e.path}: opened ${e.kind}, built ${new Date(e.builtAt).toISOString()}`],
  database_unreadable: (e) => [
    'error',
    `${e.path}: cannot be used: ${e.reason}; the database built ${new Date(e.builtAt).toISOString()} stays in use until the file is mended`,
  ],
  request_taken: (e) => ['info', `${e.by} asks for ${e.kind} (request ${e.request})`],
  request_answered: (e) => [
    e.refused === undefined ? 'info' : 'warn',
    `${e.kind}, asked for by ${e.by} (request ${e.request}): ${e.refused === undefined ? 'done' : `refused: ${e.refused}`}`,
  ],
  destination_renamed: (e) => ['info', `${e.destination}: goes on where ${e.from} was; the ledger has the new name`],
  route_retired: (e) => [
    e.outstanding > 0 ? 'warn' : 'info',
    `${e.destination}: no longer fed by ${e.receiver}; ${e.outstanding === 0 ? 'nothing' : count(e.outstanding, 'object')} undelivered` +
      (e.watermark === undefined ? '' : `, complete up to ${new Date(e.watermark).toISOString()}`) +
      (e.outstanding > 0 ? '; they are kept, and due again when it is back under this name' : ''),
  ],
  ...standing,
  first_start: (e) => [
    'info',
    `${e.destination}: first start, about to send everything${e.startAt === 0 ? '' : ` since ${new Date(e.startAt).toISOString()}`}: ` +
      `${count(e.objects, 'object')}, ${bytes(e.bytes)}, about ${count(e.events, 'event')}`,
  ],
  started: (e) => [
    'info',
    `circleci-audit-forwarder ${e.version} started: ${e.receivers.join(', ')} to ${e.destinations.join(', ')}`,
  ],
  ledger_failed: (e) => [
    'error',
    `${e.reason}; ${e.hint}; nothing is lost, but nothing goes on that has to be kept (${e.doing}), until it can be written`,
  ],
  stopping: (e) => ['info', `stopping: ${e.reason}`],
  stopped: (e) =>
    e.clean
      ? ['info', 'stopped']
      : ['warn', 'stopped before every request was answered; what is in doubt is sent again at the next start'],
  bug: (e) => ['error', `unexpected error in ${e.where}; please report it with this line`],
}

/** Level and sentence of one event. */
export function sentence(event: TelemetryEvent): Sentence {
  const say = wording[event.type] as (event: TelemetryEvent) => Sentence
  return say(event)
}
