// The order of things, on one page.
//
//   bucket ──notifications──┐
//          ──sweep──────────┤→ ledger.see ─→ lane per destination: due rows → read → decode → map → decide duplicates
//                                            → processors → encode → batch → intent → exporter.send → settle
//
// Receivers find objects and put rows into the ledger; lanes take due rows out and deliver. The two sides meet nowhere
// else, so a crash on either side, at any moment, costs time and never data. What is here is only: who is started in
// which order, what ticks (watermarks, pruning, seals), and how everything comes to rest.
import { sharedKeys } from './delivery/encodings.ts'
import { forecast, SAMPLED_OBJECTS, type Sample, sampleOf } from './delivery/forecast.ts'
import { Lane } from './delivery/lane.ts'
import type { Processing } from './delivery/processing.ts'
import { Readings } from './delivery/readings.ts'
import { SetupError } from './domain/failures.ts'
import { importOf } from './domain/imports.ts'
import { isOwnReceiver } from './domain/own-records.ts'
import type { Route } from './ledger/discovery.ts'
import { LedgerFailure } from './ledger/failure.ts'
import type { Ledger } from './ledger/ledger.ts'
import { Enrolment } from './pipeline/enrolment.ts'
import { gapsAck } from './pipeline/gaps-ack.ts'
import { Imports } from './pipeline/imports/imports.ts'
import { Intake } from './pipeline/intake.ts'
import { KeptReader } from './pipeline/kept-reader.ts'
import { requestKinds } from './pipeline/kinds.ts'
import { changes, ended, endedEvents, type Finish } from './pipeline/movement.ts'
import { OwnRecords } from './pipeline/own-records.ts'
import type { DestinationSpec, PipelineParts } from './pipeline/parts.ts'
import { keepPruning } from './pipeline/pruning.ts'
import { AuditReader } from './pipeline/reader.ts'
import { Requests } from './pipeline/requests.ts'
import { keepSealing } from './pipeline/sealing.ts'
import { ledgerFailed, namingFailures } from './pipeline/telling.ts'
import { Watching } from './pipeline/watching.ts'
import type { Watch } from './watch/watch.ts'

/** Watermarks advance, and are made durable, this often; what is done with is cleared away that often. In milliseconds. */
const ADVANCE_MS = 5_000
const TIDY_MS = 600_000
/** How often it is looked whether an hour is over, and whether a sign of life is due, in milliseconds. */
const ACCOUNT_MS = 60_000
const BEAT_MS = 5_000
/** How often a run that is to end looks whether it is done, in milliseconds. */
const LOOK_MS = 50

/** What becomes of own records on their way: no rule about audit events holds for them. */
const untouched: Processing = { process: (record) => record, transform: (record) => record }

export type { Finish }

export class Pipeline {
  readonly #parts: PipelineParts
  readonly #reader: AuditReader
  readonly #readings: Readings
  readonly #lanes: readonly Lane[]
  readonly #intakes: readonly Intake[]
  readonly #imports: Imports | undefined
  readonly #requests: Requests
  readonly #own: OwnRecords | undefined
  readonly #watching: Watching
  readonly #samples = new Map<string, Promise<Sample>>()

  constructor(parts: PipelineParts) {
    this.#watching = new Watching({ ...parts, tell: namingFailures(parts.tell) }, () => this.#wake())
    this.#parts = { ...parts, tell: this.#watching.tell }
    // Before the lanes, which take up what the ledger holds under their names.
    const enrolment = new Enrolment(parts)
    this.#reader = new AuditReader(this.#parts, this.#watching.noticed)
    const shared = sharedKeys(parts.destinations.map(({ exporter }) => exporter))
    const lanes = parts.destinations.filter(({ routes }) => routes.length > 0).length
    const reader = new KeptReader({ reader: this.#reader, ledger: parts.ledger })
    this.#readings = new Readings({
      ...this.#parts,
      reader,
      lanes,
      sharedKeys: shared,
      capacityBytes: parts.cacheBytes,
    })
    this.#lanes = parts.destinations.map((destination) => this.#lane(destination, this.#readings))
    this.#intakes = this.#open(enrolment)
    const { own, imports } = parts
    this.#own = own && new OwnRecords({ ...this.#parts, own, lanes: this.#lanes })
    const beside = { enrolment, reader: this.#reader, fresh: () => this.#wake() }
    this.#imports = imports && new Imports({ ...this.#parts, ...beside, imports })
    const repairs = { ...this.#parts, ...beside, wake: beside.fresh }
    const kinds = [...requestKinds(repairs), gapsAck(this.#watching), ...(this.#imports?.kinds ?? [])]
    this.#requests = new Requests({ ...this.#parts, kinds })
  }

  #open(enrolment: Enrolment): readonly Intake[] {
    const begun = (route: Route, signal: AbortSignal): Promise<void> => this.#announce(route, signal)
    return this.#parts.receivers.map(
      (spec) => new Intake(spec, { ...this.#parts, enrolment, fresh: () => this.#wake(), begun }),
    )
  }

  #wake(): void {
    for (const lane of this.#lanes) lane.wake()
  }

  #lane(destination: DestinationSpec, readings: Readings): Lane {
    const { id, exporter, options, routes } = destination
    const byReceiver = new Map(routes.map(({ receiver, processing }) => [receiver, processing]))
    const processing = (receiver: string): Processing => {
      if (isOwnReceiver(receiver)) return untouched
      // What is imported for a receiver goes the way of what it receives.
      const found = byReceiver.get(importOf(receiver)?.receiver ?? receiver)
      if (found === undefined)
        throw new SetupError(`${id} has outstanding objects of ${receiver}, which no longer feeds it`)
      return found
    }
    return new Lane({ ...this.#parts, destination: id, exporter, options, readings, processing })
  }

  /** Decoded events in memory, and how many there may be, in bytes. */
  get cache(): { readonly bytes: number; readonly capacity: number } {
    return this.#readings.level
  }

  /** Who watches; undefined if nobody does. */
  get watch(): Watch | undefined {
    return this.#watching.watch
  }

  /** Nothing is due anywhere, and nothing is on its way. */
  get idle(): boolean {
    return this.#lanes.every((lane) => lane.idle)
  }

  /**
   * Receives and delivers until the signal aborts; then stops receiving, lets what is in flight land, and resolves.
   * `caughtUp` is called once, when everything the first sweeps found has been dealt with.
   */
  async run(signal: AbortSignal, caughtUp?: () => void): Promise<void> {
    const beating = this.#beating(signal)
    const prepared = this.#intakes.map((intake) => intake.prepare(signal, { sweep: caughtUp !== undefined }))
    await Promise.all(this.#intakes.map((intake, index) => Promise.race([prepared[index], intake.blocked])))
    const lanes = this.#delivering(signal)
    const receiving = this.#intakes.map((intake, index) => prepared[index]?.then(() => intake.run(signal)))
    const ticking = this.#ticking(signal)
    if (caughtUp !== undefined)
      void this.#rest(signal)
        .then((rested) => {
          if (rested) this.#advance()
          if (rested) caughtUp()
        })
        .catch((error: unknown) => this.#parts.tell({ type: 'bug', where: 'looking whether it has caught up', error }))
    const beside = [this.#requests.run(signal), this.#imports?.watch(signal), this.#watching.run(signal)]
    await Promise.all([...receiving, ...ticking, ...lanes, ...beside, beating])
    this.#advance()
  }

  /**
   * One complete sweep, everything it found delivered, then the end. A destination that still has something to do
   * `timeoutMs` after anything last moved is named in the answer.
   */
  async runOnce(signal: AbortSignal, timeoutMs: number): Promise<Finish> {
    const over = new AbortController()
    const either = AbortSignal.any([signal, over.signal])
    const beating = this.#beating(
      either,
      changes(() => this.#progress(endedEvents)),
    )
    const swept = await Promise.all(
      this.#intakes.map((intake) => Promise.race([intake.prepare(either, { sweep: true }), intake.blocked])),
    )
    const unlooked = (await this.#imports?.look(either)) ?? []
    const working = [...this.#delivering(either), ...this.#ticking(either), this.#requests.run(either), beating]
    // What the run has completed is accounted for by the run, and delivered with the rest.
    const rested = await this.#rest(signal, timeoutMs)
    await this.#watching.learn(either)
    if ([rested && this.#account(), this.#watching.look()].includes(true) && rested) await this.#rest(signal, timeoutMs)
    const unfinished = this.#unfinished()
    over.abort()
    await Promise.all(working)
    this.#advance()
    const unswept = this.#intakes.filter(({ id }, index) => swept[index] !== true || unlooked.includes(id))
    return { unswept: unswept.map(({ id }) => id), unfinished, unanswered: this.#requests.unanswered }
  }

  /** Does one request and ends: receives nothing, and delivers only where the request's kind needs that. */
  async fulfil(id: number, signal: AbortSignal): Promise<void> {
    const { ledger, clock } = this.#parts
    const over = new AbortController()
    const either = AbortSignal.any([signal, over.signal])
    const delivers = this.#requests.needsLanes(ledger.request(id)?.kind ?? '')
    const lanes = delivers ? this.#delivering(either) : []
    const working = [...lanes, ...this.#ticking(either), this.#requests.run(either)]
    while (ledger.request(id)?.answer === undefined && !signal.aborted) await clock.sleep(LOOK_MS, signal)
    over.abort()
    await Promise.all(working)
    this.#advance()
  }

  #delivering(signal: AbortSignal): readonly Promise<void>[] {
    return this.#lanes.map((lane) => lane.run(signal, this.#parts.stopMs))
  }

  /**
   * Waits until nothing is due anywhere, nor will be within `patienceMs` of the last movement. False if aborted, or if
   * nothing moved for so long. Without patience, what was put off is left out.
   */
  async #rest(signal: AbortSignal, patienceMs?: number): Promise<boolean> {
    const { clock } = this.#parts
    let moved = { progress: this.#progress(), at: clock.now() }
    const until = (): number => (patienceMs === undefined ? Number.NEGATIVE_INFINITY : moved.at + patienceMs)
    while (!this.#resting(until()) && !signal.aborted) {
      if (patienceMs !== undefined) for (const lane of this.#lanes) lane.hurry()
      await clock.sleep(LOOK_MS, signal)
      const progress = this.#progress()
      if (progress !== moved.progress) moved = { progress, at: clock.now() }
      if (patienceMs !== undefined && clock.now() > until()) return false
    }
    return !signal.aborted
  }

  #resting(until: number): boolean {
    return this.#requests.idle && this.idle && this.#lanes.every(({ nextDue }) => nextDue > until)
  }

  /** A number that changes whenever anything is settled, or a request comes further. */
  #progress(settled: (ledger: Ledger) => number = ended): number {
    return this.#requests.moves + settled(this.#parts.ledger)
  }

  #unfinished(): Finish['unfinished'] {
    const accounts = this.#parts.ledger.accounts()
    return this.#lanes.flatMap(({ destination, idle, state }) => {
      const outstanding = accounts.filter((account) => account.destination === destination && account.outstanding > 0)
      if (idle && outstanding.length === 0) return []
      const reason = state.lastError ?? outstanding[0]?.oldest?.reason ?? 'it is still at work'
      return [{ destination, reason }]
    })
  }

  /** Says what a new route is about to send. The sample is taken once for a receiver's routes. */
  async #announce({ destination, receiver }: Route, signal: AbortSignal): Promise<void> {
    const { destinations, ledger, clock, tell } = this.#parts
    const exporter = destinations.find(({ id }) => id === destination)?.exporter
    const account = ledger.accounts().find((each) => each.destination === destination && each.receiver === receiver)
    if (exporter === undefined || account === undefined) return
    const query = { now: clock.now(), limit: SAMPLED_OBJECTS, newest: true, except: new Set<number>(), maxDelay: 0 }
    const rows = ledger.due(destination, query).filter((row) => !isOwnReceiver(row.receiver))
    const sample = this.#samples.get(receiver) ?? sampleOf(rows, { reader: this.#reader, clock }, signal)
    this.#samples.set(receiver, sample)
    const { startAt } = account
    tell({ type: 'first_start', destination, startAt, ...forecast(account.outstanding, await sample, exporter) })
  }

  #ticking(signal: AbortSignal): readonly Promise<void>[] {
    const keepFrom = (): number | undefined => this.#imports?.keepFrom
    this.#imports?.tidy()
    return [
      this.#tick(ADVANCE_MS, signal, () => this.#advance()),
      keepPruning({ ...this.#parts, keepFrom }, signal),
      this.#tick(TIDY_MS, signal, () => this.#own?.tidy()),
      this.#tick(TIDY_MS, signal, () => this.#imports?.tidy()),
      this.#tick(ACCOUNT_MS, signal, () => this.#account()),
      keepSealing({ ...this.#parts, lanes: this.#lanes }, signal),
    ]
  }

  /** Says at once that it is alive, and from then on as often as it was told to, while there is reason to. */
  async #beating(signal: AbortSignal, hasReason?: () => boolean): Promise<void> {
    const beat = (): void => this.#own?.beat(hasReason)
    this.#keepHouse(beat)
    await this.#tick(BEAT_MS, signal, beat)
  }

  async #tick(everyMs: number, signal: AbortSignal, act: () => void): Promise<void> {
    while (!signal.aborted) {
      await this.#parts.clock.sleep(everyMs, signal)
      if (!signal.aborted) this.#keepHouse(act)
    }
  }

  #account(): boolean {
    return this.#keepHouse(() => this.#own?.account()) ?? false
  }

  #keepHouse<T>(act: () => T): T | undefined {
    try {
      return act()
    } catch (error) {
      this.#parts.tell({ type: 'bug', where: 'housekeeping', error })
      return undefined
    }
  }

  /** A watermark that cannot be written now is written later, or by the next run: no reason to fail a good end. */
  #advance(): void {
    try {
      this.#parts.ledger.advance()
    } catch (error) {
      if (!(error instanceof LedgerFailure)) throw error
      this.#parts.tell(ledgerFailed('advancing the watermarks', error))
    }
  }
}
