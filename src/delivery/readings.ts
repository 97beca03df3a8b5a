// Reads each object once for all lanes in step. A lane asks for a cursor; cursors over the same object share one pass,
// and a chunk is decoded, mapped and decided (duplicates) when the first of them reaches it. Chunks are kept within a
// byte budget: dropped as soon as every lane has taken them, else the oldest first. A lane that falls behind the
// budget begins a pass of its own, so a stalled lane costs a re-read and never memory, and never holds up another.
// Rejected: one pass per lane (decodes n times), and a fan-out that waits for the slowest.
import type { LogRecord } from '@circleci-audit-forwarder/contract'
import type { Clock } from '../domain/clock.ts'
import type { AuditObject } from '../domain/objects.ts'
import { ownStore } from '../domain/own-records.ts'
import type { BadBytes, Decision, DuplicateLedger, Undecided } from '../ledger/duplicates.ts'
import type { Tell } from '../telemetry/events.ts'
import { Encodings } from './encodings.ts'
import { type DecidedChunk, type Keeper, Pass } from './pass.ts'
import type { Piece, PieceChunk, Reader } from './reader.ts'

/** What a byte of text and a record of their own take in memory, measured on events of 1 KB. */
const WEIGHT_PER_BYTE = 4
const WEIGHT_PER_PIECE = 1_500
/** What a stored byte becomes when decompressed, for an object nobody has read, and the most a first chunk has. */
const LIKELY_RATIO = 10
const CHUNK_BYTES = 1 << 18

export interface ReadingsParts {
  readonly reader: Reader
  readonly ledger: Pick<DuplicateLedger, 'decide'>
  readonly clock: Clock
  readonly tell: Tell
  /** How many lanes may want the same object. */
  readonly lanes: number
  /** Encoding keys that several lanes have. */
  readonly sharedKeys?: ReadonlySet<string>
  /** Decoded bytes kept for lanes that are not in step. */
  readonly capacityBytes: number
}

export class Readings {
  readonly #parts: ReadingsParts
  /** Every pass that keeps chunks or has followers, oldest first. */
  readonly #passes = new Set<Pass>()
  /** The pass a newcomer may join, by object. */
  readonly #joinable = new Map<number, Pass>()
  #held = 0
  /** What the first chunks on their way will weigh, as far as one can tell from outside. */
  #coming = 0

  readonly #keeper: Keeper = {
    weigh: (chunk) => {
      const weight = weigh(chunk)
      this.#makeRoom(weight)
      this.#held += weight
      return weight
    },
    grown: (weight) => {
      this.#held += weight
      if (this.#held > this.#parts.capacityBytes) this.#makeRoom(0)
    },
  }

  constructor(parts: ReadingsParts) {
    this.#parts = parts
  }

  /** Of the decoded bytes that may be kept: how many are, in the weight by which they are bounded. */
  get level(): { readonly bytes: number; readonly capacity: number } {
    return { bytes: this.#held, capacity: this.#parts.capacityBytes }
  }

  /** A cursor from a position on. Fails, when asked for chunks, with ReadFailure or QuarantineFull. */
  open(object: AuditObject, position = 0): Cursor {
    return new Cursor(this, object, position)
  }

  /** Begins reading if that fits into half of the budget, what is on its way included. */
  prefetch(pass: Pass): void {
    const weight = Math.min(pass.object.size * LIKELY_RATIO, CHUNK_BYTES) * WEIGHT_PER_BYTE
    if (pass.begun || this.#held + this.#coming + weight > this.#parts.capacityBytes / 2) return
    this.#coming += weight
    void this.pull(pass).finally(() => {
      this.#coming -= weight
    })
  }

  /** The pass to follow from the beginning: a running one whose first chunk is still kept, else a new one. */
  follow(object: AuditObject, cursor: Cursor): Pass {
    const running = this.#joinable.get(object.ref)
    const pass = running !== undefined && running.base === 0 && !running.failed ? running : this.#begin(object)
    pass.join(cursor)
    return pass
  }

  #begin(object: AuditObject): Pass {
    const abort = new AbortController()
    const pass = new Pass(object, this.#decided(object, abort.signal), abort)
    const before = this.#joinable.get(object.ref)
    this.#joinable.set(object.ref, pass)
    this.#passes.add(pass)
    if (before !== undefined) this.#tidy(before)
    return pass
  }

  async pull(pass: Pass): Promise<void> {
    await pass.pull(this.#keeper)
  }

  taken(pass: Pass): void {
    this.#held -= pass.dropTaken(this.#parts.lanes)
    this.#tidy(pass)
  }

  left(pass: Pass, cursor: Cursor): void {
    const before = pass.weight
    pass.leave(cursor)
    this.#held -= before - pass.weight
    this.#tidy(pass)
  }

  /** Forgets a pass that is of use to nobody: failed, used up, or replaced and without followers. */
  #tidy(pass: Pass): void {
    const joinable = this.#joinable.get(pass.object.ref) === pass
    const usedUp = pass.ended && pass.weight === 0
    if (pass.cursors > 0 || (joinable && !pass.failed && !usedUp)) return
    this.#drop(pass)
  }

  #drop(pass: Pass): void {
    while (pass.weight > 0) this.#held -= pass.dropOldest(true)
    this.#passes.delete(pass)
    if (this.#joinable.get(pass.object.ref) === pass) this.#joinable.delete(pass.object.ref)
  }

  /** Passes without followers go first, then chunks that all followers have taken, then whatever is oldest. */
  #makeRoom(weight: number): void {
    const over = (): boolean => this.#held + weight > this.#parts.capacityBytes
    for (const pass of this.#passes) if (over() && pass.cursors === 0) this.#drop(pass)
    for (const forced of [false, true]) {
      for (const pass of this.#passes) {
        for (let freed = 1; over() && freed > 0; ) {
          freed = pass.dropOldest(forced)
          this.#held -= freed
        }
      }
    }
  }

  async *#decided(object: AuditObject, signal: AbortSignal): AsyncGenerator<DecidedChunk> {
    const { reader, clock, sharedKeys = new Set() } = this.#parts
    const startedAt = clock.now()
    let events = 0
    let bad = 0
    for await (const chunk of reader.read(object, signal)) {
      const decision = this.#decide(object, chunk)
      const duplicates = new Map(decision.copies.map((copy) => [copy.from, copy]))
      const unreadable = chunk.pieces.filter((piece) => piece.bad !== undefined).length
      events += chunk.pieces.length - unreadable
      bad += unreadable
      yield { ...chunk, copies: duplicates, encodings: new Encodings(sharedKeys) }
      if (chunk.end && object.store !== ownStore) this.#tellRead(object, chunk.to, events, bad, clock.now() - startedAt)
    }
  }

  #tellRead(object: AuditObject, length: number, events: number, bad: number, durationMs: number): void {
    const { store, key, size: bytes } = object
    this.#parts.tell({ type: 'object_read', store, key, bytes, length, events, bad, durationMs })
  }

  #decide(object: AuditObject, chunk: PieceChunk): Decision {
    const decision = this.#parts.ledger.decide(undecided(object, chunk), this.#parts.clock.now())
    if (object.length === undefined) this.#tellDecision(object.key, chunk, decision)
    return decision
  }

  #tellDecision(key: string, chunk: PieceChunk, decision: Decision): void {
    const { tell } = this.#parts
    const bad = chunk.pieces.filter((piece) => piece.bad !== undefined)
    if (bad.length > 0) tell({ type: 'lines_quarantined', key, count: bad.length, reason: bad[0]?.bad?.reason ?? '' })
    if (decision.copies.length > 0) tell({ type: 'duplicates_removed', key, count: decision.copies.length })
    if (decision.reused.length > 0) tell({ type: 'id_reused', key, count: decision.reused.length })
  }
}

/** One lane's way through an object. */
export class Cursor {
  readonly #readings: Readings
  readonly #object: AuditObject
  #pass: Pass
  #index = 0
  #position: number
  #closed = false

  constructor(readings: Readings, object: AuditObject, position: number) {
    this.#readings = readings
    this.#object = object
    this.#position = position
    this.#pass = readings.follow(object, this)
  }

  /** Begins reading, so that the first chunk is there when it is asked for. */
  prefetch(): void {
    this.#readings.prefetch(this.#pass)
  }

  /** The next chunk, undefined after the last. Chunks come in order and without gaps. */
  async next(): Promise<DecidedChunk | undefined> {
    for (;;) {
      if (this.#index < this.#pass.base) this.#beginAnew()
      const chunk = this.#pass.take(this, this.#index)
      if (chunk !== undefined) {
        this.#index += 1
        this.#readings.taken(this.#pass)
        const rest = from(chunk, this.#position)
        if (rest === undefined) continue
        this.#position = chunk.to
        return rest
      }
      if (this.#pass.done(this.#index)) return undefined
      await this.#readings.pull(this.#pass)
      // What came meanwhile is not for it any more: to take it would be to follow the pass again.
      if (this.#closed) throw new Error('whoever asked has left')
    }
  }

  close(): void {
    this.#closed = true
    this.#readings.left(this.#pass, this)
  }

  #beginAnew(): void {
    this.#readings.left(this.#pass, this)
    this.#pass = this.#readings.follow(this.#object, this)
    this.#index = 0
  }
}

/** What of the chunk lies at or after the position; undefined if nothing does. */
function from(chunk: DecidedChunk, position: number): DecidedChunk | undefined {
  if (chunk.from >= position) return chunk
  if (chunk.to <= position && !chunk.end) return undefined
  return { ...chunk, from: position, pieces: chunk.pieces.filter((piece) => piece.from >= position) }
}

/** Memory a chunk holds, roughly: its text as read and as strings, and the records. Shared encodings come on top, as they are made. */
function weigh(chunk: DecidedChunk): number {
  return (chunk.to - chunk.from) * WEIGHT_PER_BYTE + chunk.pieces.length * WEIGHT_PER_PIECE
}

/** The chunk as the ledger decides it. */
export function undecided(object: Pick<AuditObject, 'ref'>, chunk: PieceChunk): Undecided {
  const claimants = chunk.pieces.filter(isEvent).map(({ from, to, id, at }) => ({ from, to, id, at }))
  const bad = chunk.pieces.flatMap(badBytes)
  return { object: object.ref, from: chunk.from, to: chunk.to, claimants, bad, end: chunk.end }
}

function isEvent(piece: Piece): piece is Piece & { readonly record: LogRecord } {
  return piece.record !== undefined
}

function badBytes({ bad, ...place }: Piece): BadBytes[] {
  return bad === undefined ? [] : [{ ...place, ...bad }]
}
