// Objects as the lanes read them, and where one is gone, what quarantine has kept of it and is on its way again. The
// failure follows all the same: of anything else that was in the object nothing is known.
import type { Piece, PieceChunk, Reader } from '../delivery/reader.ts'
import { ReadFailure } from '../domain/failures.ts'
import type { AuditObject } from '../domain/objects.ts'
import type { KeptRecord, RepairLedger } from '../ledger/repairs.ts'

export interface ReviverParts {
  readonly reader: Reader & {
    revive(object: AuditObject, kept: KeptRecord): Promise<readonly Piece[]>
  }
  readonly ledger: Pick<RepairLedger, 'kept'>
}

export class KeptReader implements Reader {
  readonly #parts: ReviverParts

  constructor(parts: ReviverParts) {
    this.#parts = parts
  }

  async *read(object: AuditObject, signal: AbortSignal): AsyncGenerator<PieceChunk> {
    let begun = false
    try {
      for await (const chunk of this.#parts.reader.read(object, signal)) {
        begun = true
        yield chunk
      }
    } catch (error) {
      if (!begun && error instanceof ReadFailure && error.kind === 'gone') yield* this.#kept(object)
      throw error
    }
  }

  /** A chunk for each stretch that can be had whole. */
  async *#kept(object: AuditObject): AsyncGenerator<PieceChunk> {
    let end = 0
    for (const record of this.#parts.ledger.kept(object.ref)) {
      // A record refused of late may lie in a stretch that was kept as a whole.
      if (record.from < end) continue
      const pieces = await this.#parts.reader.revive(object, record)
      if (pieces.every((piece) => piece.record === undefined)) continue
      end = record.to
      yield { from: record.from, to: record.to, pieces, end: false }
    }
  }
}
