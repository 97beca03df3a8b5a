import type { AuditObject } from '../domain/objects.ts'
import type { Copy } from '../ledger/duplicates.ts'
import type { Encodings } from './encodings.ts'
import type { PieceChunk } from './reader.ts'

/** A chunk with its duplicates decided. */
export interface DecidedChunk extends PieceChunk {
  /** By first byte of the position. */
  readonly copies: ReadonlyMap<number, Copy>
  /** What its records become for destinations that write them alike. */
  readonly encodings: Encodings
}

interface Kept {
  readonly chunk: DecidedChunk
  weight: number
  takers: number
}

/** Who accounts for what is kept. */
export interface Keeper {
  /** What a chunk weighs that is about to be kept. */
  weigh(chunk: DecidedChunk): number
  /** A kept chunk has come to weigh so much more. */
  grown(weight: number): void
}

/**
 * One pass over one object, pulled by whoever needs the next chunk first and shared by all cursors that are in step.
 * Chunks stay until dropped; a cursor behind the oldest kept chunk has fallen out of step and must begin anew.
 */
export class Pass {
  readonly object: AuditObject
  readonly #chunks: AsyncIterator<DecidedChunk>
  readonly #abort: AbortController
  readonly #kept: Kept[] = []
  readonly #cursors = new Map<object, number>()
  #base = 0
  #begun = false
  #ended = false
  #failure: { readonly error: unknown } | undefined
  #pulling: Promise<void> | undefined

  constructor(object: AuditObject, chunks: AsyncIterator<DecidedChunk>, abort: AbortController) {
    this.object = object
    this.#chunks = chunks
    this.#abort = abort
  }

  get ended(): boolean {
    return this.#ended
  }

  get failed(): boolean {
    return this.#failure !== undefined
  }

  /** Whether anything was asked of the object yet. */
  get begun(): boolean {
    return this.#begun
  }

  /** Index of the oldest chunk kept. */
  get base(): number {
    return this.#base
  }

  get cursors(): number {
    return this.#cursors.size
  }

  get weight(): number {
    return this.#kept.reduce((sum, { weight }) => sum + weight, 0)
  }

  join(cursor: object): void {
    this.#cursors.set(cursor, 0)
  }

  /** The cursor is done with it. A pass that nobody follows and that has not ended closes its body. */
  leave(cursor: object): void {
    this.#cursors.delete(cursor)
    if (this.#cursors.size > 0 || this.#ended || this.failed) return
    this.#failure = { error: new Error('nobody reads this object any more') }
    this.#abort.abort()
    for (const { chunk } of this.#kept.splice(0)) chunk.encodings.tell(undefined)
    void Promise.resolve(this.#chunks.return?.()).catch(() => undefined)
  }

  /** The chunk, counted as taken by this cursor; undefined if it is not kept (yet, or any more). */
  take(cursor: object, index: number): DecidedChunk | undefined {
    if (this.#failure !== undefined && index >= this.#base + this.#kept.length) throw this.#failure.error
    const kept = this.#kept[index - this.#base]
    if (kept === undefined) return undefined
    kept.takers += 1
    this.#cursors.set(cursor, index + 1)
    return kept.chunk
  }

  /** True when every chunk was handed out and no more will come. */
  done(index: number): boolean {
    return this.#ended && index >= this.#base + this.#kept.length
  }

  /** Pulls one more chunk. Whoever calls while a pull is under way waits for that one. Never rejects. */
  pull(keeper: Keeper): Promise<void> {
    this.#pulling ??= this.#pull(keeper).finally(() => {
      this.#pulling = undefined
    })
    return this.#pulling
  }

  async #pull(keeper: Keeper): Promise<void> {
    if (this.#ended || this.failed) return
    try {
      const next = await this.#chunks.next()
      if (this.failed) return
      if (next.done === true) this.#ended = true
      else this.#keep(next.value, keeper)
    } catch (error) {
      this.#failure ??= { error }
    }
  }

  #keep(chunk: DecidedChunk, keeper: Keeper): void {
    const kept: Kept = { chunk, weight: keeper.weigh(chunk), takers: 0 }
    this.#kept.push(kept)
    chunk.encodings.tell((weight) => {
      kept.weight += weight
      keeper.grown(weight)
    })
  }

  /** Drops leading chunks that `lanes` cursors have taken: nobody else will ask. Returns the weight set free. */
  dropTaken(lanes: number): number {
    let freed = 0
    while ((this.#kept[0]?.takers ?? 0) >= lanes) freed += this.#drop()
    return freed
  }

  /**
   * Drops the oldest chunk if no cursor still needs it, or (when forced) although some do, as long as the foremost does
   * not: the one in front never loses what was read for it, or two hungry lanes would send each other back to the
   * beginning for ever. Returns the weight set free.
   */
  dropOldest(forced: boolean): number {
    if (this.#kept.length === 0) return 0
    const nexts = [...this.#cursors.values()]
    const passed = (next: number): boolean => next > this.#base
    const free = nexts.length === 0 || (forced ? nexts.some(passed) : nexts.every(passed))
    return free ? this.#drop() : 0
  }

  #drop(): number {
    const dropped = this.#kept.shift()
    if (dropped === undefined) return 0
    this.#base += 1
    dropped.chunk.encodings.tell(undefined)
    return dropped.weight
  }
}
