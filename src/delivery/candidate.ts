import { type Encoded, type Exporter, type LogRecord, ORIGINAL, type Refusal } from '@circleci-audit-forwarder/contract'
import { ownStore } from '../domain/own-records.ts'
import type { Position } from '../ledger/duplicates.ts'
import type { Refused } from '../ledger/intents.ts'
import type { Row } from '../ledger/progress.ts'
import type { Verdict } from './plan.ts'
import type { Piece } from './reader.ts'

/** A record encoded for one destination, with what is needed to settle or to quarantine it. */
export interface Candidate extends Position {
  readonly id: string
  readonly at: number
  readonly encoded: Encoded
  /** Set where it can never be sent, and why. */
  readonly unsendable: Unsendable | undefined
  readonly offset: number
  readonly line: number
  readonly sha256: string
  /** As read, whatever processors made of it: what quarantine keeps must be what the sha256 is of, and go through them anew. */
  readonly original: string
  readonly objectTime: number
  /** Its row's, part of the token. */
  readonly generation: number
  /** One of the forwarder's own records. */
  readonly own: boolean
}

/** Its size is certain. That it cannot be encoded may be a bug that strikes every record, so it is not. */
type Unsendable = Omit<Refusal, 'index'>

/** Records larger than this are kept in quarantine by position and hash alone. */
const KEPT_BYTES = 1 << 20

/** Encoded bytes of the largest record that the destination takes. */
export function largestRecord({ limits }: Pick<Exporter, 'limits'>): number {
  return limits.recordBytes ?? limits.bytes
}

export function candidate(
  { object, generation }: Pick<Row, 'object' | 'generation'>,
  piece: Piece,
  record: LogRecord,
  encode: (record: LogRecord) => Encoded,
  maxBytes: number,
): Candidate {
  const { from, to, id, at, offset, line, sha256 } = piece
  const original = piece.text ?? piece.record?.[ORIGINAL] ?? ''
  const { encoded, unsendable } = tryToEncode(record, encode, maxBytes)
  const whence = { object: object.ref, objectTime: object.time, generation, own: object.store === ownStore }
  return { ...whence, from, to, id, at, encoded, unsendable, offset, line, sha256, original }
}

type Tried = Pick<Candidate, 'encoded' | 'unsendable'>

function tryToEncode(record: LogRecord, encode: (record: LogRecord) => Encoded, maxBytes: number): Tried {
  try {
    const encoded = encode(record)
    const size = encoded.bytes.byteLength
    if (size <= maxBytes) return { encoded, unsendable: undefined }
    const reason = `the encoded record is ${size} bytes, and the destination takes ${maxBytes} at most`
    return { encoded, unsendable: { reason, certain: true } }
  } catch (error) {
    const reason = `the record cannot be encoded: ${error instanceof Error ? error.message : String(error)}`
    return { encoded: { bytes: new Uint8Array() }, unsendable: { reason } }
  }
}

/** What quarantine keeps of a member that was refused. */
export function refused(members: readonly Candidate[], verdict: Verdict): Refused {
  const { offset, line, sha256, original } = members[verdict.member] as Candidate
  const bytes = Buffer.from(original, 'utf8')
  return { ...verdict, offset, line, sha256, bytes: bytes.subarray(0, KEPT_BYTES), length: bytes.byteLength }
}

/** When the events of members happened; undefined for what has vanished. */
export function timesOf(members: readonly (Candidate | undefined)[]): readonly (number | undefined)[] {
  return members.map((member) => member?.at)
}

/** The latest of its members': a second delivery that was forced is another one to the destination. */
export function generationOf(members: readonly Candidate[]): number {
  return members.reduce((latest, { generation }) => Math.max(latest, generation), 0)
}
