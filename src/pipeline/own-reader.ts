import type { Piece, PieceChunk } from '../delivery/reader.ts'
import { type OwnRecord, ownText } from '../domain/own-records.ts'
import { textSha256 } from '../domain/token.ts'
import { mapOwn, type Speaker } from '../mapping/own.ts'

/** An own record as an object of one event: all of its text is one piece, so that settling that settles the object. */
export function ownChunk(record: OwnRecord, speaker: Speaker): PieceChunk {
  const text = ownText(record)
  const to = Buffer.byteLength(text)
  const { id, at } = record
  const place = { from: 0, to, offset: 0, line: 1 }
  const piece: Piece = { ...place, sha256: textSha256(text), id, at, record: mapOwn(record, speaker), text }
  return { from: 0, to, pieces: [piece], end: true }
}
