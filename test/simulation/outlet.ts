// The exporter of a simulated destination: the process's side of the wire. It knows what the contract promises the
// exporter, and holds the lane to it.
import {
  type Batch,
  type Encoded,
  type Exporter,
  type Held,
  type LogRecord,
  ORIGINAL,
  type Outcome,
} from '@circleci-audit-forwarder/contract'
import type { Epoch } from './epoch.ts'
import type { Attempt, Server } from './server.ts'
import { isOwnOccurrence, isOwnRecord, type Spoken } from './spoken.ts'
import type { VirtualTime } from './time.ts'
import type { Trace, Verdict } from './trace.ts'
import { type Occurrence, placeOf, type Truth } from './truth.ts'

export interface OutletParts {
  readonly server: Server
  readonly epoch: Epoch
  /** Which life of the process this is. */
  readonly life: number
  readonly time: VirtualTime
  readonly truth: Truth
  readonly trace: Trace
  readonly verdict: Verdict
  readonly limits: { readonly records: number; readonly bytes: number }
  readonly concurrencyMax: number
  /** Fingerprints of records, by place: the same in every run. */
  /** Whether somebody may ask for what was refused. */
  readonly replayed: boolean
  readonly fingerprints: Map<Occurrence, string>
  readonly spoken: Spoken
  readonly unanswered: (attempt: Attempt) => void
  /** Numbers a request, and is told whether anything but own records is in it. */
  readonly next: (audit: boolean) => number
}

interface Parcel extends Encoded {
  readonly occurrence: Occurrence | undefined
}

export class Outlet implements Exporter {
  readonly limits: { readonly records: number; readonly bytes: number }
  readonly confirm?: NonNullable<Exporter['confirm']>
  readonly stored?: NonNullable<Exporter['stored']>
  readonly deduplicationMs?: number
  readonly #parts: OutletParts
  /** What was refused here without asking the server. */
  readonly #refused = new Set<Occurrence>()
  #inFlight = 0

  constructor(parts: OutletParts) {
    this.#parts = parts
    this.limits = parts.limits
    const { nature } = parts.server
    if (nature.receipts) this.confirm = (receipts) => this.#confirmed(receipts)
    if (!nature.exactlyOnce) return
    this.stored = (batch) => parts.epoch.reach(() => this.#held(batch))
    this.deduplicationMs = nature.windowMs
  }

  encode(record: LogRecord): Parcel {
    if (isOwnRecord(record)) return this.#own(record)
    const text = record[ORIGINAL] ?? ''
    return { bytes: Buffer.from(text), occurrence: this.#recognised(record, text) }
  }

  #own(record: LogRecord): Parcel {
    const occurrence = this.#parts.spoken.hear(record, this.#parts.server.id)
    return { bytes: Buffer.from(occurrence.text), occurrence }
  }

  async send(batch: Batch, signal: AbortSignal): Promise<Outcome> {
    const { server, epoch, time, trace } = this.#parts
    const unfit = this.#unfit(batch)
    if (unfit.length > 0) return this.#refuse(unfit)
    const attempt = this.#attempt(batch)
    trace.say(
      time.now,
      `${server.id} sends ${attempt.occurrences.length} (#${attempt.number}) ${attempt.token.slice(0, 8)}`,
    )
    this.#inFlight += 1
    time.stir()
    this.#watchDoor(batch)
    const over = (): void => {
      this.#inFlight -= 1
    }
    signal.addEventListener('abort', over, { once: true })
    try {
      const outcome = await epoch.reach(() => server.handle(attempt, signal, () => epoch.alive))
      attempt.heard = { outcome: outcome.status, at: time.now }
      if (outcome.status === 'retry' && outcome.ambiguous === true) this.#parts.unanswered(attempt)
      const reason = 'reason' in outcome ? `: ${outcome.reason}` : ''
      trace.say(time.now, `${server.id} answers ${outcome.status}${reason} (#${attempt.number})`)
      return outcome
    } finally {
      if (!signal.aborted) over()
      signal.removeEventListener('abort', over)
    }
  }

  check = async () => []
  close = async () => undefined

  #unfit({ members }: Batch): readonly (readonly [index: number, Occurrence])[] {
    return [...members.entries()].flatMap(([index, member]) => {
      const { occurrence } = member as Parcel
      return occurrence !== undefined && this.#parts.server.isUnfit(occurrence.event) ? [[index, occurrence]] : []
    })
  }

  /** Final at once: nobody asks again, unless the server has to be asked first what it holds of the batch. */
  async #refuse(unfit: readonly (readonly [index: number, Occurrence])[]): Promise<Outcome> {
    const { server, epoch, time, trace, verdict } = this.#parts
    time.stir()
    await epoch.reach(async () => undefined)
    trace.say(
      time.now,
      `${server.id} is not asked about ${unfit.map(([, occurrence]) => placeOf(occurrence)).join(' ')}`,
    )
    for (const [, occurrence] of unfit) {
      if (this.#refused.has(occurrence) && this.stored === undefined && !this.#parts.replayed)
        verdict.breaks(`certain: ${server.id} was given ${placeOf(occurrence)} again after it was refused for certain`)
      this.#refused.add(occurrence)
      server.spared(occurrence)
    }
    return { status: 'rejected', records: unfit.map(([index]) => ({ index, reason: 'unfit', certain: true })) }
  }

  #attempt(batch: Batch): Attempt {
    const { life, time, next } = this.#parts
    const occurrences = batch.members.flatMap((member) => (member as Parcel).occurrence ?? [])
    const { token } = batch
    return {
      number: next(!occurrences.every(isOwnOccurrence)),
      life,
      token,
      occurrences,
      at: time.now,
      stored: 0,
      heard: undefined,
      confirmedAt: undefined,
    }
  }

  async #confirmed(receipts: readonly string[]): Promise<ReadonlyMap<string, Outcome>> {
    const { server, time, epoch } = this.#parts
    const settled = await epoch.reach(async () => {
      if (server.weather.at(time.now)?.kind === 'down') throw new Error('simulated outage while confirming')
      return server.confirm(receipts)
    })
    for (const [receipt, { status }] of settled) {
      const attempt = server.attemptOf(receipt)
      if (attempt !== undefined && status === 'delivered') attempt.confirmedAt = time.now
    }
    return settled
  }

  async #held(batch: Batch): Promise<Held> {
    const { server, time } = this.#parts
    const trouble = server.weather.at(time.now)?.kind
    if (trouble === 'down') throw new Error('simulated outage while asking')
    if (trouble === 'credentials' || trouble === 'configuration')
      return { status: 'stopped', cause: trouble, reason: 'simulated: nobody may ask' }
    return [...batch.members.entries()].flatMap(([index, member]) => {
      const { occurrence } = member as Parcel
      return occurrence !== undefined && server.holds(occurrence.event) ? [index] : []
    })
  }

  /** Which writing-down of which event this is; and that it is nothing else. */
  #recognised(record: LogRecord, text: string): Occurrence | undefined {
    const { truth, verdict, server, fingerprints } = this.#parts
    const { attributes } = record
    const source = String(attributes['circleci_audit_forwarder.source.store'])
    const key = String(attributes['circleci_audit_forwarder.source.key'])
    const offset = Number(attributes['circleci_audit_forwarder.source.offset'])
    const occurrence = truth.find(source, key, offset, text)
    if (occurrence === undefined) {
      verdict.breaks(`invented: ${server.id} was given a record nobody wrote: ${key}@${offset}: ${text.slice(0, 80)}`)
      return undefined
    }
    const at = record.hrTime[0] * 1000 + Math.trunc(record.hrTime[1] / 1e6)
    if (attributes['log.record.uid'] !== occurrence.uid || at !== occurrence.event.occurredAt)
      verdict.breaks(`altered: ${server.id} got another id or time than ${placeOf(occurrence)} has`)
    const fingerprint = JSON.stringify([
      record.hrTimeObserved,
      record.severityNumber,
      record.eventName,
      record.body,
      attributes,
    ])
    const before = fingerprints.get(occurrence) ?? fingerprint
    if (before !== fingerprint) verdict.breaks(`unsteady: ${placeOf(occurrence)} maps to other bytes than before`)
    fingerprints.set(occurrence, before)
    return occurrence
  }

  #watchDoor(batch: Batch): void {
    const { server, verdict, limits, concurrencyMax } = this.#parts
    const bytes = batch.members.reduce((sum, member) => sum + member.bytes.length, 0)
    const { length } = batch.members
    if (length === 0) verdict.breaks(`limits: ${server.id} was sent an empty batch`)
    if (length > limits.records) verdict.breaks(`limits: ${server.id} was sent ${length} records at once`)
    if (bytes > limits.bytes && length > 1) verdict.breaks(`limits: ${server.id} was sent ${bytes} bytes at once`)
    if (this.#inFlight > concurrencyMax) verdict.breaks(`limits: ${server.id} has ${this.#inFlight} requests at once`)
  }
}
