// Which pieces of a chunk this destination is to be sent, and what ends here: bad stretches (kept in quarantine when
// they were decided), copies, records a filter withholds, and bytes that hold nothing. Pure but for what it asks the
// ledger about copies.
import type { LogRecord } from '@circleci-audit-forwarder/contract'
import { covers, type Range, removeRanges } from '../domain/ranges.ts'
import type { Copy, DuplicateLedger } from '../ledger/duplicates.ts'
import type { Row, Settlement, Tally } from '../ledger/progress.ts'
import type { DecidedChunk } from './pass.ts'
import type { Processing } from './processing.ts'
import type { Piece } from './reader.ts'

export interface Wanted {
  readonly piece: Piece
  readonly record: LogRecord
}

export interface Sifted {
  readonly wanted: readonly Wanted[]
  readonly settlement: Settlement | undefined
}

export interface SiftParts {
  readonly destination: string
  readonly ledger: Pick<DuplicateLedger, 'judge'>
  readonly processing: Processing
  /** Positions another object's copy was adopted for. */
  readonly adopted: ReadonlySet<number>
}

export function sift(chunk: DecidedChunk, row: Row, parts: SiftParts): Sifted {
  const open = chunk.pieces.filter((piece) => !covers(row.settled, piece.from, piece.to))
  const skipped = skippable(chunk, open, row, parts)
  const wanted: Wanted[] = []
  const ranges: Range[] = []
  const withheld: Range[] = []
  const tally = { delivered: 0, filtered: 0, duplicates: 0, quarantined: 0 }
  for (const piece of open) {
    const ending = endingOf(piece, row, skipped, parts.processing)
    if (typeof ending !== 'string') {
      wanted.push({ piece, record: ending })
      continue
    }
    tally[ending] += 1
    ranges.push([piece.from, piece.to])
    if (ending === 'filtered') withheld.push([piece.from, piece.to])
  }
  ranges.push(...filler(chunk, row))
  const settlement = ranges.length === 0 ? undefined : { object: row.object.ref, ranges, tally, withheld }
  return { wanted, settlement }
}

/** How the piece ends here, or the record to be sent. */
function endingOf(
  piece: Piece,
  row: Row,
  skipped: ReadonlySet<number>,
  processing: Processing,
): keyof Tally | LogRecord {
  if (skipped.has(piece.from)) return 'duplicates'
  if (piece.record === undefined) return 'quarantined'
  if (covers(row.released, piece.from, piece.to)) return processing.transform(piece.record)
  return processing.process(piece.record) ?? 'filtered'
}

/** First bytes of pieces that this destination has, or will have, from elsewhere. */
function skippable(chunk: DecidedChunk, open: readonly Piece[], row: Row, parts: SiftParts): ReadonlySet<number> {
  const skipped = new Set(open.filter(({ from }) => parts.adopted.has(from)).map(({ from }) => from))
  const copies = open.flatMap(({ from }): Copy[] => {
    const copy = chunk.copies.get(from)
    return copy === undefined || skipped.has(from) ? [] : [copy]
  })
  if (copies.length === 0) return skipped
  const answers = parts.ledger.judge(parts.destination, row.object.ref, copies)
  for (const [index, { from }] of copies.entries()) if (answers[index] === true) skipped.add(from)
  return skipped
}

/** Bytes of the chunk that belong to no piece: blank lines and brackets at the end. */
function filler(chunk: DecidedChunk, row: Row): readonly Range[] {
  const last = chunk.pieces[chunk.pieces.length - 1]?.to ?? chunk.from
  return last >= chunk.to ? [] : removeRanges([[last, chunk.to]], row.settled)
}
