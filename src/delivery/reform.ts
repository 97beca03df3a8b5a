// Forms the members of an intent again after a restart: the very same positions, read once per object, transformed by
// today's processors but never filtered, for what was promised to a destination is not decided twice. An object that
// lacks members does not end the reading: what the others hold is needed either way.
import type { Exporter } from '@circleci-audit-forwarder/contract'
import { ReadFailure, SetupError } from '../domain/failures.ts'
import type { Position } from '../ledger/duplicates.ts'
import type { Ledger } from '../ledger/ledger.ts'
import type { Row } from '../ledger/progress.ts'
import { type Candidate, candidate, largestRecord } from './candidate.ts'
import type { Processing } from './processing.ts'
import type { Readings } from './readings.ts'

export interface ReformParts {
  readonly destination: string
  readonly exporter: Exporter
  readonly ledger: Pick<Ledger, 'row' | 'object'>
  readonly readings: Readings
  readonly processing: (receiver: string) => Processing
  /** Closes the reader. */
  readonly signal: AbortSignal
}

/** Why members of an object are not to be had. */
export interface Lack {
  readonly object: number
  readonly reason: string
  /** No later reading can change it. */
  readonly final: boolean
}

export interface Reformed {
  /** In the intent's order; undefined where one is lacking. */
  readonly members: readonly (Candidate | undefined)[]
  readonly lacks: readonly Lack[]
}

/** Fails with ReadFailure where an object cannot be read for now, which says nothing about what it holds. */
export async function reform(members: readonly Position[], parts: ReformParts): Promise<Reformed> {
  const found = new Map<string, Candidate>()
  const lacks: Lack[] = []
  for (const [object, positions] of Map.groupBy(members, (member) => member.object)) {
    const lack = await collect(object, new Set(positions.map(({ from }) => from)), found, parts)
    if (lack !== undefined) lacks.push(lack)
  }
  return { members: members.map(({ object, from }) => found.get(`${object} ${from}`)), lacks }
}

/** Adds one object's candidates to those found. Returns why some are lacking, if they are. */
async function collect(
  object: number,
  wanted: ReadonlySet<number>,
  found: Map<string, Candidate>,
  parts: ReformParts,
): Promise<Lack | undefined> {
  const row = parts.ledger.row(parts.destination, object)
  if (row === undefined) return { object, reason: 'its object was lost', final: true }
  let count = 0
  try {
    for await (const one of candidates(row, wanted, parts.processing(row.receiver), parts)) {
      found.set(`${object} ${one.from}`, one)
      count += 1
    }
    if (count === wanted.size) return undefined
    return { object, reason: `${row.object.key} no longer holds an event that it held`, final: false }
  } catch (error) {
    if (error instanceof SetupError) return { object, reason: error.message, final: true }
    if (!(error instanceof ReadFailure) || error.kind !== 'gone') throw error
    // Of what is gone there may be bytes in quarantine, which is as good.
    return count === wanted.size ? undefined : { object, reason: error.message, final: false }
  }
}

async function* candidates(
  row: Row,
  wanted: ReadonlySet<number>,
  processing: Processing,
  { readings, exporter, signal }: ReformParts,
): AsyncGenerator<Candidate> {
  const end = Math.max(...wanted)
  const cursor = readings.open(row.object)
  const close = (): void => cursor.close()
  signal.addEventListener('abort', close, { once: true })
  try {
    for (let chunk = await cursor.next(); chunk !== undefined; chunk = await cursor.next()) {
      for (const piece of chunk.pieces) {
        if (piece.record === undefined || !wanted.has(piece.from)) continue
        const record = processing.transform(piece.record)
        yield candidate(row, piece, record, (each) => exporter.encode(each), largestRecord(exporter))
      }
      if (chunk.to > end) return
    }
  } finally {
    signal.removeEventListener('abort', close)
    cursor.close()
  }
}
