// One batch is one request. Two things happen within a call that look like retries and are none: a token that wants a
// channel is answered with the same request on a channel, once (the protocol has no other way to ask); and events that
// an earlier, refused attempt stored are left out if the operator trusts the server's count.
import { randomUUID } from 'node:crypto'
import type {
  Batch,
  Exporter,
  Finding,
  HttpAnswer,
  HttpOptions,
  LogRecord,
  Outcome,
} from '@circleci-audit-forwarder/contract'
import { type AckMode, Acknowledgements } from './acks.ts'
import { noticeOf, outcomeOf, reasonOf, replyOf } from './answer.ts'
import { type Channel, Channels } from './channel.ts'
import { checkHec } from './check.ts'
import { codes } from './codes.ts'
import { type EnvelopeDefaults, encodeEvent, type HecEvent } from './encode.ts'
import { HecRequests } from './requests.ts'

/** Where the collector is and how it is to be spoken to. */
export interface SplunkHecOptions {
  /** `https://host:port`; a path is taken as it is, without one `/services/collector/event` is added. */
  readonly endpoint: string
  readonly token: string
  /** What the envelope says where the record says nothing. */
  readonly envelope?: EnvelopeDefaults | undefined
  /** Default: auto. */
  readonly ack?: AckMode | undefined
  /** Default: false. */
  readonly trustEventNumber?: boolean | undefined
  readonly http?: HttpOptions | undefined
}

/** Time and chance. */
export interface SplunkHecWorld {
  /** Milliseconds since 1970. */
  readonly now: () => number
  /** A new GUID. */
  readonly uuid: () => string
}

/** Taken, and the collector asks to have its acknowledgements fetched. */
const ACKS_RUN_FULL = 25

const world: SplunkHecWorld = { now: Date.now, uuid: randomUUID }

/**
 * Sends envelopes to one HTTP Event Collector. With indexer acknowledgement `send` answers `accepted` and `confirm` tells
 * when they are stored; without, HTTP 200 is `delivered`. Only the constructor throws (SettingError).
 */
export class SplunkHecExporter implements Exporter {
  readonly limits = { records: 10_000, bytes: 64 * 1024 * 1024 }
  readonly encodingKey: string
  readonly #requests: HecRequests
  readonly #channels: Channels
  readonly #acks: Acknowledgements
  readonly #mode: AckMode
  readonly #envelope: EnvelopeDefaults
  readonly #trustEventNumber: boolean
  readonly #http: HttpOptions
  readonly #now: () => number
  /** Events before a refused one: stored by that request, if the server's count is trusted. */
  readonly #stored = new WeakSet<HecEvent>()

  /** Opens no connection. Throws SettingError for options that cannot work. */
  constructor(options: SplunkHecOptions, { now, uuid }: SplunkHecWorld = world) {
    this.#http = options.http ?? {}
    this.#mode = options.ack ?? 'auto'
    this.#envelope = options.envelope ?? {}
    this.encodingKey = `splunk_hec ${JSON.stringify(this.#envelope)}`
    this.#trustEventNumber = options.trustEventNumber ?? false
    this.#now = now
    this.#requests = new HecRequests(options.endpoint, options.token, this.#http, now)
    this.#channels = new Channels(uuid, this.#mode === 'required')
    this.#acks = new Acknowledgements(this.#requests, this.#channels, this.#mode, now)
  }

  encode(record: LogRecord): HecEvent {
    return encodeEvent(record, this.#envelope)
  }

  async send(batch: Batch, signal: AbortSignal): Promise<Outcome> {
    const events: readonly HecEvent[] = batch.members
    const refused = events.flatMap(({ refusal: reason }, index) =>
      reason === undefined ? [] : [{ index, reason, certain: true }],
    )
    if (refused.length > 0) return { status: 'rejected', records: refused }
    const outstanding = events.filter((event) => !this.#stored.has(event))
    if (outstanding.length === 0) return { status: 'delivered' }
    const outcome = await this.#sendNegotiated(outstanding, signal)
    return outcome.status === 'rejected' ? inBatch(outcome, outstanding, events) : outcome
  }

  confirm(receipts: readonly string[], signal: AbortSignal): Promise<ReadonlyMap<string, Outcome>> {
    return this.#acks.confirm(receipts, signal)
  }

  check(signal: AbortSignal): Promise<readonly Finding[]> {
    const { insecureSkipVerify = false } = this.#http.tls ?? {}
    const seen = { ackDisabled: this.#acks.disabled, insecure: insecureSkipVerify, index: this.#envelope.index }
    return checkHec(this.#requests, this.#mode, seen, { now: this.#now, signal })
  }

  close(): Promise<void> {
    return this.#requests.close()
  }

  /** One request; a second one where the token turns out to want a channel. */
  async #sendNegotiated(events: readonly HecEvent[], signal: AbortSignal): Promise<Outcome> {
    const before = this.#channels.current
    const first = await this.#request(events, before, signal)
    if (!wantsChannel(first.answer) || before !== undefined || this.#mode === 'off') return this.#read(first, events)
    this.#channels.turnOn()
    return this.#read(await this.#request(events, this.#channels.current, signal), events)
  }

  async #request(events: readonly HecEvent[], channel: Channel | undefined, signal: AbortSignal): Promise<Attempt> {
    const sent = channel?.cookies
    const answer = await this.#requests.events(events, channel?.headers() ?? {}, signal)
    if (channel === undefined || sent === undefined) return { answer, channel: undefined }
    return { answer, channel: this.#channels.answered(channel, sent, answer) }
  }

  #read({ answer, channel }: Attempt, events: readonly HecEvent[]): Outcome {
    const outcome = outcomeOf(answer, events)
    if (outcome.status === 'delivered') return this.#taken(answer, channel)
    if (outcome.status === 'rejected' && this.#trustEventNumber && channel === undefined) {
      for (const event of events.slice(0, outcome.taken ?? 0)) this.#stored.add(event)
      return { status: 'rejected', records: outcome.records } // what was stored does not go again
    }
    return channel !== undefined && wantsChannel(answer) ? channelDropped(answer) : outcome
  }

  #taken(answer: HttpAnswer, channel: Channel | undefined): Outcome {
    const reply = replyOf(answer)
    const { ackId, code } = reply ?? {}
    if (channel !== undefined && ackId !== undefined) {
      return { ...this.#acks.accepted(channel, ackId, code === ACKS_RUN_FULL), ...noticeOf(reply) }
    }
    if (this.#mode !== 'required') return { status: 'delivered', ...noticeOf(reply) }
    const reason =
      'ack is required and the token does not acknowledge: enable indexer acknowledgement for it, or set ack: auto'
    return { status: 'stopped', cause: 'configuration', reason }
  }
}

interface Attempt {
  readonly answer: HttpAnswer
  /** Where the acknowledgement will be, if one was asked for. */
  readonly channel: Channel | undefined
}

function wantsChannel(answer: HttpAnswer): boolean {
  return codes.get(replyOf(answer)?.code ?? -1)?.meaning === 'channel'
}

/** The channel was sent and did not arrive. */
function channelDropped(answer: HttpAnswer): Outcome {
  const reply = replyOf(answer)
  const said = reply === undefined ? 'Data channel is missing' : reasonOf(reply)
  const reason = `${said} although one was sent: let proxies pass X-Splunk-Request-Channel, and balancers keep sessions`
  return { status: 'stopped', cause: 'configuration', reason }
}

/** Indexes of what was sent as indexes of the batch. */
function inBatch(
  outcome: Extract<Outcome, { status: 'rejected' }>,
  sent: readonly HecEvent[],
  batch: readonly HecEvent[],
): Outcome {
  if (sent.length === batch.length) return outcome
  const records = outcome.records.map(({ index, reason }) => ({
    index: batch.indexOf(sent[index] as HecEvent),
    reason,
  }))
  return { ...outcome, records }
}
