// Forms the members of an intent again after a restart: the very same positions, read once per object, transformed by
// today's processors but never filtered, for what was promised to a destination is not decided twice.
import type { Exporter } from '@circleci-audit-forwarder/contract'
import type { AuditObject } from '../domain/objects.ts'
import type { Position } from '../ledger/duplicates.ts'
import type { Ledger } from '../ledger/ledger.ts'
import { type Candidate, candidate } from './candidate.ts'
import type { Processing } from './processing.ts'
import type { Readings } from './readings.ts'

export interface ReformParts {
  readonly destination: string
  readonly exporter: Exporter
  readonly ledger: Pick<Ledger, 'row' | 'object'>
  readonly readings: Readings
  readonly processing: (receiver: string) => Processing
  readonly maxBytes: number
  /** Closes the reader. */
  readonly signal: AbortSignal
}

/**
 * The candidates for the members, in their order; undefined if a member can never be had again (its row was lost, or
 * the object no longer holds an event there), and the intent must be dissolved. Fails with ReadFailure.
 */
export async function reform(members: readonly Position[], parts: ReformParts): Promise<Candidate[] | undefined> {
  const found = new Map<string, Candidate>()
  for (const object of new Set(members.map((member) => member.object))) {
    const row = parts.ledger.row(parts.destination, object)
    if (row === undefined) return undefined
    const wanted = new Set(members.filter((member) => member.object === object).map(({ from }) => from))
    for await (const one of candidates(row.object, wanted, parts.processing(row.receiver), parts)) {
      found.set(`${object} ${one.from}`, one)
    }
  }
  const formed = members.map(({ object, from }) => found.get(`${object} ${from}`))
  return formed.every((one) => one !== undefined) ? formed : undefined
}

async function* candidates(
  object: AuditObject,
  wanted: ReadonlySet<number>,
  processing: Processing,
  { readings, exporter, maxBytes, signal }: ReformParts,
): AsyncGenerator<Candidate> {
  const end = Math.max(...wanted)
  const cursor = readings.open(object)
  const close = (): void => cursor.close()
  signal.addEventListener('abort', close, { once: true })
  try {
    for (let chunk = await cursor.next(); chunk !== undefined; chunk = await cursor.next()) {
      for (const piece of chunk.pieces) {
        if (piece.record === undefined || !wanted.has(piece.from)) continue
        const record = processing.transform(piece.record)
        yield candidate(object, piece, record, (each) => exporter.encode(each), maxBytes)
      }
      if (chunk.to > end) return
    }
  } finally {
    signal.removeEventListener('abort', close)
    cursor.close()
  }
}
