// What the oracle learns while the world goes on, from calls at the product's seams: which objects the ledger was told of,
// what was given up as lost, where the watermarks stood. And the promises that must hold at every moment.
import type { AuditObject, Sighting } from '../../src/domain/objects.ts'
import type { Account, Watermark } from '../../src/ledger/accounts.ts'
import type { Ledger } from '../../src/ledger/ledger.ts'
import type { Life } from './plan.ts'
import type { Mail } from './queue.ts'
import type { Server } from './server.ts'
import type { VirtualTime } from './time.ts'
import type { Trace, Verdict } from './trace.ts'
import { type Occurrence, placeOf, type TrueObject, type Truth } from './truth.ts'

/** The watermark stays this far below the last sweep. */
const MARGIN_MS = 5 * 60_000
/** So many verdicts without an acceptance stop a destination. */
const STOPS = 20

export interface WatchParts {
  readonly time: VirtualTime
  readonly truth: Truth
  readonly trace: Trace
  readonly verdict: Verdict
  readonly servers: ReadonlyMap<string, Server>
  readonly lookbackMs: number
  readonly sweepIntervalMs: number
  /** Address of the bucket behind a receiver. */
  readonly sourceOf: (receiver: string) => string
  /** Records in a batch at most. */
  readonly batchOf: (destination: string) => number
  /** The receiver of the bucket with this address. */
  readonly receiverOf: (source: string) => string
  /** From the ledger, which is asked and never changed. */
  readonly startAt: (destination: string, receiver: string) => number | undefined
  readonly sweptTo: (receiver: string) => number | undefined
  /** A request was answered. */
  readonly answered: (id: number) => void
  /** Whether any destination wants objects of this time. */
  readonly isWanted: (receiver: string, time: number) => boolean
}

export class Watch {
  readonly #parts: WatchParts
  /** When the ledger was first told of an object that a destination wants. */
  readonly seen = new Map<TrueObject, number>()
  /** In which lives the ledger was told of an object. */
  readonly #sighted = new Map<TrueObject, Set<Life>>()
  /** Objects given up, per destination. */
  readonly lostAt = new Map<string, Map<TrueObject, number>>()
  readonly messages: string[] = []
  /** Lives so far, with the moments they really ended. */
  readonly lives: { readonly life: Life; readonly from: number; to: number }[] = []
  readonly #watermarks = new Map<string, number>()
  /** Watermarks below which something was forced since they were last looked at. */
  readonly #mayGoBack = new Set<string>()
  /** Destinations of which it has been said. */
  readonly #drained = new Set<string>()
  /** When what is not yet durable was committed. */
  readonly #commitTimes: number[] = []
  /** Moments from which on commits were lost, and the power cut that lost them. */
  readonly #amnesias: { readonly from: number; readonly to: number }[] = []

  constructor(parts: WatchParts) {
    this.#parts = parts
  }

  /** The ledger has changed; so many commits are not yet durable. */
  committed(volatile: number): void {
    this.#commitTimes.length = Math.min(this.#commitTimes.length, volatile)
    while (this.#commitTimes.length < volatile) this.#commitTimes.push(this.#parts.time.now)
  }

  /** A power cut took back the last `count` commits. */
  forgot(count: number): void {
    if (count === 0) return
    const from = this.#commitTimes[Math.max(0, this.#commitTimes.length - count)] ?? 0
    this.#amnesias.push({ from, to: this.#parts.time.now })
  }

  /** Whether what the process learned at this moment may have been forgotten, or never written down. */
  mayBeForgotten(heardAt: number): boolean {
    const forgotten = this.#amnesias.some(({ from, to }) => from - 1_000 <= heardAt && heardAt <= to)
    return forgotten || this.lives.some(({ to }) => to - 5_000 <= heardAt && heardAt <= to)
  }

  /**
   * Whether the ledger was told of an object while the destination was configured. What vanished before is no more owed to
   * a destination that comes later, or comes back, than what vanished before anybody looked.
   */
  isOwed(destination: string, object: TrueObject): boolean {
    const lives = [...(this.#sighted.get(object) ?? [])]
    return object.goneAt === undefined || lives.some(({ filters }) => filters.has(destination))
  }

  #sight(object: TrueObject): void {
    const life = this.lives.at(-1)?.life
    if (life !== undefined) this.#sighted.set(object, (this.#sighted.get(object) ?? new Set()).add(life))
  }

  saw([receiver, store, sightings]: readonly [string, string, readonly Sighting[], unknown, unknown]): void {
    for (const { key, version } of sightings) {
      const object = this.#parts.truth.object(store, key, version)
      if (object !== undefined) this.#sight(object)
      if (object === undefined)
        this.#parts.verdict.breaks(`discovery: the ledger was told of an object that never was: ${key}`)
      else if (!this.seen.has(object) && this.#parts.isWanted(receiver, object.time)) this.#first(object)
    }
  }

  /** A backfill tells of objects whoever wants them; where it is forced, watermarks may go back. */
  refilled([receiver, store, sightings, { force, destinations }]: Parameters<Ledger['refill']>): void {
    for (const { key, version } of sightings) {
      const object = this.#parts.truth.object(store, key, version)
      if (object !== undefined) this.#sight(object)
      if (object === undefined) this.#parts.verdict.breaks(`backfill: it brings an object that never was: ${key}`)
      else if (!this.seen.has(object)) this.#first(object)
    }
    if (!force) return
    for (const name of this.#watermarks.keys()) {
      const [destination, of] = name.split(' ')
      if (of === receiver && (destinations?.includes(destination ?? '') ?? true)) this.#mayGoBack.add(name)
    }
  }

  /** The process has answered a request. */
  answered(id: number): void {
    this.#parts.answered(id)
  }

  #first(object: TrueObject): void {
    this.seen.set(object, this.#parts.time.now)
    this.#parts.trace.say(this.#parts.time.now, `seen ${object.key.slice(-30)}`)
  }

  swept(receiver: string, startedAt: number): void {
    this.#parts.trace.say(this.#parts.time.now, `swept ${receiver} ${new Date(startedAt).toISOString()}`)
    if (startedAt > this.#parts.time.now) this.#parts.verdict.breaks('discovery: a sweep began in the future')
  }

  lost([destination, , reason]: readonly [string, number, string, number], named: AuditObject | undefined): void {
    const { time, verdict, trace, truth } = this.#parts
    const object = named === undefined ? undefined : truth.object(named.store, named.key, named.version)
    if (object === undefined) {
      verdict.breaks(`lost: an object that never was (${reason})`)
      return
    }
    trace.say(time.now, `lost ${object.key.slice(-30)} for ${destination}`)
    if (object.goneAt === undefined || object.goneAt > time.now)
      verdict.breaks(`lost: ${destination} gave up ${object.key}, which is in the bucket`)
    const lost = this.lostAt.get(destination) ?? new Map<TrueObject, number>()
    this.lostAt.set(destination, lost.set(object, time.now))
  }

  keptMessage(body: string): void {
    this.messages.push(body)
  }

  /** A message is deleted: what it says must be in the ledger. */
  deleted(receiver: string, { kind, body, objects }: Mail): void {
    const { time, verdict } = this.#parts
    if (kind === 'unknown' && !this.messages.includes(body))
      verdict.breaks(`messages: one nobody understands was deleted and not kept: ${body}`)
    for (const object of objects) {
      // An announcement may come a little before its object can be seen.
      const there = object.putAt + 60_000 <= time.now && (object.goneAt === undefined || object.goneAt > time.now)
      const wanted = this.#parts.isWanted(receiver, object.time)
      if (there && !object.probe && wanted && !this.seen.has(object))
        verdict.breaks(`messages: the one that announces ${object.key} was deleted before the ledger knew the object`)
    }
  }

  /** A destination that refuses one record after the other is stopped before many of them are held. */
  held(accounts: readonly Account[]): void {
    for (const [destination, routes] of Map.groupBy(accounts, (account) => account.destination)) {
      const records = routes.reduce((sum, { provisional }) => sum + provisional, 0)
      const bound = STOPS + 2 * this.#parts.batchOf(destination)
      if (records > bound && !this.#drained.has(destination))
        this.#parts.verdict.breaks(
          `verdicts: ${destination} has refused ${records} records in a row and is not stopped`,
        )
      if (records > bound) this.#drained.add(destination)
    }
  }

  advanced(watermarks: readonly Watermark[]): void {
    for (const watermark of watermarks) {
      const name = `${watermark.destination} ${watermark.receiver}`
      const before = this.#watermarks.get(name)
      const isForced = this.#mayGoBack.delete(name)
      if (before !== undefined && watermark.time < before && !isForced)
        this.#parts.verdict.breaks(`watermark: ${name} moved back from ${iso(before)} to ${iso(watermark.time)}`)
      if (before === undefined || watermark.time > before) this.#check(watermark, before ?? Number.NEGATIVE_INFINITY)
      this.#watermarks.set(name, watermark.time)
    }
  }

  /** What the watermark passes now. What appeared below it is late, and nothing it waits for. */
  #check({ destination, receiver, time: watermark }: Watermark, before: number): void {
    const source = this.#parts.sourceOf(receiver)
    const startAt = this.#parts.startAt(destination, receiver) ?? Number.POSITIVE_INFINITY
    const sweptTo = this.#parts.sweptTo(receiver) ?? Number.NEGATIVE_INFINITY
    if (watermark > sweptTo - MARGIN_MS)
      this.#parts.verdict.breaks(`watermark: ${destination} is at ${iso(watermark)}, and swept only to ${iso(sweptTo)}`)
    for (const object of this.#parts.truth.objects) {
      if (object.source !== source || object.probe || object.time < startAt) continue
      if (object.time < before || object.time >= watermark || object.putAt + this.#patience(object) > sweptTo) continue
      const why = this.#outstanding(destination, object)
      if (why !== undefined)
        this.#parts.verdict.breaks(`watermark: ${destination} is at ${iso(watermark)}, past ${object.key}: ${why}`)
    }
  }

  /** Partitions more than two hours old are listed once an hour, so what appears in one may be found that much later. */
  #patience({ time, putAt }: TrueObject): number {
    return putAt - time > 90 * 60_000 ? 65 * 60_000 + this.#parts.sweepIntervalMs : 0
  }

  /** Why an object is not done with at a destination; undefined if it is, for all the world can tell. */
  #outstanding(destination: string, object: TrueObject): string | undefined {
    const { time, lookbackMs } = this.#parts
    const isGone = object.goneAt !== undefined && object.goneAt <= time.now
    if (!this.seen.has(object))
      return isGone || object.time < object.putAt - lookbackMs ? undefined : 'the ledger does not know it'
    if (this.lostAt.get(destination)?.has(object) === true) return undefined
    if (isGone && !this.isOwed(destination, object)) return undefined
    const open = object.occurrences.find((occurrence) => !this.#isDealtWith(destination, occurrence))
    return open === undefined ? undefined : `${placeOf(open)} is not settled`
  }

  /** What a run begun then should have dealt with and has not; undefined if there is nothing. */
  leftOver(destination: string, begun: number): string | undefined {
    for (const object of this.#parts.truth.objects) {
      const receiver = this.#parts.receiverOf(object.source)
      const startAt = this.#parts.startAt(destination, receiver) ?? Number.POSITIVE_INFINITY
      if (object.probe || object.putAt > begun || object.time < startAt) continue
      const why = this.#outstanding(destination, object)
      if (why !== undefined) return `${object.key} is not: ${why}`
    }
    return undefined
  }

  #isDealtWith(destination: string, { event }: Occurrence): boolean {
    const server = this.#parts.servers.get(destination)
    if (server === undefined || event.occurrences.length > 1) return true
    if (server.rows.has(event) || server.refused.has(event)) return true
    return this.lives.some(({ life }) => life.filters.get(destination)?.has(event.action) === true)
  }
}

function iso(time: number): string {
  return Number.isFinite(time) ? new Date(time).toISOString() : String(time)
}
