// How the watch is fitted into the pipeline: it hears what everybody says, is shown what is read, looks around once a
// minute and when something is new (a bucket was listed, a repair is done: nobody should wait a minute to see that), and is
// told when objects came before anybody watched: that is listed once, at the first start, day by day.
import { backoff } from '../domain/backoff.ts'
import type { Gap } from '../domain/gaps.ts'
import { isAuditKey, isProbe, objectTime } from '../domain/objects.ts'
import { MINUTE_MS } from '../domain/rhythm-curve.ts'
import type { OwnEntry } from '../ledger/own.ts'
import { partitions } from '../receiver/sweep.ts'
import type { TelemetryEvent, Tell } from '../telemetry/events.ts'
import type { StreamSettings } from '../watch/settings.ts'
import { Watch } from '../watch/watch.ts'
import type { PipelineParts, ReceiverSpec, WatchRules } from './parts.ts'
import type { Noticed } from './reader.ts'

/** How often it looks, in milliseconds. */
const LOOK_MS = 60_000
/** And no sooner than so long after the last look, whatever is new. */
const SOON_MS = 5_000
/** How often buckets are asked for their rules, in milliseconds. */
const RULES_MS = 24 * 3_600_000
/** Those that did not tell are asked again after so long. */
const RULES_AGAIN_MS = 3_600_000
const RETRY = { initialMs: 60_000, maxMs: 3_600_000 }

export class Watching {
  readonly #parts: PipelineParts
  /** Undefined if nobody watches. */
  readonly #watch: Watch | undefined
  #failures = 0
  #rulesAt = Number.NEGATIVE_INFINITY
  #told = false
  /** Aborted when there is news since the last look. */
  #news = new AbortController()

  constructor(parts: PipelineParts, wake: () => void) {
    const { watch: rules, ledger, clock, tell, receivers } = parts
    this.#parts = parts
    if (rules === undefined) return
    const streams = receivers.map((receiver) => streamOf(receiver, rules))
    const settings = { streams, allowedLagMs: rules.allowedLagMs }
    const told = (): void => {
      this.#told = true
      wake()
    }
    this.#watch = new Watch({ ledger, clock, tell, wake: told, settings })
  }

  /** Undefined if nobody watches. */
  get watch(): Watch | undefined {
    return this.#watch
  }

  /** Says what is said, and lets the watch hear it. */
  readonly tell: Tell = (event) => {
    this.#parts.tell(event)
    this.#watch?.hear(event)
    if (news.has(event.type)) this.#news.abort()
  }

  readonly noticed: Noticed = (receiver) => this.#watch?.noticed(receiver)

  readonly acknowledge = (id: string, by: string, note: string, more: readonly OwnEntry[]): Gap | undefined =>
    this.#watch?.acknowledge(id, by, note, more)

  /** One look. What goes wrong is told. True if destinations are to be told of something. */
  look(): boolean {
    this.#told = false
    this.#trying('looking for gaps', () => this.#watch?.look())
    return this.#told
  }

  #trying(where: string, act: () => void): void {
    try {
      act()
    } catch (error) {
      this.#parts.tell({ type: 'bug', where, error })
    }
  }

  /** Asks and lists what is wanted of the buckets, once; resolves to how long to wait before that is asked again. Never rejects. */
  async learn(signal: AbortSignal): Promise<number> {
    await this.#rules(signal)
    let waitMs = LOOK_MS
    for (const { receiver, from } of this.#watch?.wanted ?? []) waitMs = await this.#list(receiver, from, signal)
    return waitMs
  }

  /** Looks every minute, and when there is news, until the signal aborts, and lists what is wanted of the past. Never rejects. */
  async run(signal: AbortSignal): Promise<void> {
    await Promise.all([this.#looking(signal), this.#listing(signal)])
  }

  /** How long the buckets keep objects, as far as they tell. A rule that is changed counts the next day. */
  async #rules(signal: AbortSignal): Promise<void> {
    const { receivers, clock } = this.#parts
    const age = clock.now() - this.#rulesAt
    if (this.#watch === undefined || (age >= 0 && age < RULES_MS)) return
    this.#rulesAt = clock.now()
    for (const { id, store } of receivers) {
      // A store that does not answer must not hold up the end.
      const retentionMs = await Promise.race([store.retention?.(signal), ended(signal)])
      if (retentionMs !== undefined) this.#watch.keeps(id, retentionMs)
      else if (store.retention !== undefined) this.#rulesAt = clock.now() - RULES_MS + RULES_AGAIN_MS
    }
  }

  /** What an earlier run knew is shown at once; the first look is a minute later, when this one has listed something. */
  async #looking(signal: AbortSignal): Promise<void> {
    this.#trying('seeing what is known of the streams', () => this.#watch?.see())
    while (this.#watch !== undefined && !signal.aborted) {
      await this.#pause(LOOK_MS, signal)
      this.#news = new AbortController()
      if (!signal.aborted) this.look()
    }
  }

  /** Until so long is over or there is news, but not less than `SOON_MS`. */
  async #pause(ms: number, signal: AbortSignal): Promise<void> {
    const { clock } = this.#parts
    await clock.sleep(SOON_MS, signal)
    await clock.sleep(ms - SOON_MS, AbortSignal.any([signal, this.#news.signal]))
  }

  async #listing(signal: AbortSignal): Promise<void> {
    while (this.#watch !== undefined && !signal.aborted) {
      const waitMs = await this.learn(signal)
      // A bucket whose past cannot be listed is not asked for it again because of something else.
      await (this.#failures === 0 ? this.#pause(waitMs, signal) : this.#parts.clock.sleep(waitMs, signal))
    }
  }

  /** How long to wait until it is looked again whether anything is wanted. */
  async #list(receiver: string, from: number, signal: AbortSignal): Promise<number> {
    const { receivers, clock, random, tell } = this.#parts
    const spec = receivers.find(({ id }) => id === receiver)
    try {
      if (spec !== undefined) this.#watch?.learned(receiver, from, await arrivals(spec, from, clock.now(), signal))
      this.#news.abort()
      this.#failures = 0
      return LOOK_MS
    } catch (error) {
      this.#failures += 1
      const retryInMs = backoff(this.#failures, RETRY, random)
      const reason = error instanceof Error ? error.message : String(error)
      if (!signal.aborted) tell({ type: 'history_failed', receiver, reason, retryInMs })
      return retryInMs
    }
  }
}

/** After these it is known what was not known before: a silence may be told, and one that was repaired is over. */
const news: ReadonlySet<TelemetryEvent['type']> = new Set(['sweep_completed', 'import_finished', 'request_answered'])

/** Resolves when the signal aborts. */
function ended(signal: AbortSignal): Promise<undefined> {
  const { promise, resolve } = Promise.withResolvers<undefined>()
  if (signal.aborted) resolve(undefined)
  else signal.addEventListener('abort', () => resolve(undefined), { once: true })
  return promise
}

const unruled = { floorMs: 45 * MINUTE_MS, ceilingMs: undefined, quiet: [], expect: [], retentionMs: undefined }

function streamOf(
  { id, store, notifications, sweepIntervalMs }: ReceiverSpec,
  { streams }: WatchRules,
): StreamSettings {
  const rules = streams.get(id) ?? unruled
  return { receiver: id, store: store.uri, isAnnounced: notifications.length > 0, sweepIntervalMs, ...rules }
}

/** The minutes in which objects appeared, in order. */
async function arrivals({ store }: ReceiverSpec, from: number, to: number, signal: AbortSignal): Promise<number[]> {
  const minutes = new Set<number>()
  for (const partition of partitions(from, to, 'day')) {
    for await (const { objects } of store.list(partition, signal)) {
      for (const object of objects) {
        if (isAuditKey(object.key) && !isProbe(object)) minutes.add(Math.floor(objectTime(object) / MINUTE_MS))
      }
    }
    signal.throwIfAborted()
  }
  return [...minutes].filter((minute) => minute >= from / MINUTE_MS).sort((a, b) => a - b)
}
