// What the first start is about to send, said beforehand so that history never floods a SIEM unannounced. Counts of
// objects are exact; events and bytes are estimated from a few objects, read once for all destinations, because reading
// everything twice to announce it once would double the bill.
import type { Exporter, LogRecord } from '@circleci-audit-forwarder/contract'
import type { Clock } from '../domain/clock.ts'
import type { Row } from '../ledger/progress.ts'
import type { Reader } from './reader.ts'

export interface Forecast {
  readonly objects: number
  /** Estimated, as encoded for this destination and before compression. */
  readonly events: number
  readonly bytes: number
}

/** What a few objects held. */
export interface Sample {
  objects: number
  events: number
  readonly records: LogRecord[]
}

/** Objects to look into, and where to stop. */
export const SAMPLED_OBJECTS = 4
const SAMPLED_BYTES = 4 << 20
const SAMPLED_RECORDS = 100
/** How long all of it may take, in milliseconds: nothing is sent before, and a store may send part of an object and then nothing. */
const SAMPLED_MS = 10_000

/** Looks into these objects. One that cannot be read says nothing about the others. */
export async function sampleOf(
  rows: readonly Row[],
  { reader, clock }: { readonly reader: Reader; readonly clock: Clock },
  signal: AbortSignal,
): Promise<Sample> {
  const sample: Sample = { objects: 0, events: 0, records: [] }
  const over = new AbortController()
  const reading = AbortSignal.any([signal, over.signal])
  const patience = clock.sleep(SAMPLED_MS, reading).then(() => over.abort('over'))
  let bytes = 0
  for (const { object } of rows) {
    if (bytes >= SAMPLED_BYTES || reading.aborted) break
    bytes += await taste(object, reader, sample, reading).catch(() => 0)
  }
  over.abort('over')
  await patience
  return sample
}

async function taste(object: Row['object'], reader: Reader, sample: Sample, signal: AbortSignal): Promise<number> {
  let read = 0
  let events = 0
  for await (const chunk of reader.read(object, signal)) {
    const records = chunk.pieces.flatMap(({ record }) => (record === undefined ? [] : [record]))
    events += records.length
    sample.records.push(...records.slice(0, SAMPLED_RECORDS - sample.records.length))
    read = chunk.to
    if (read >= SAMPLED_BYTES) break
  }
  sample.objects += 1
  sample.events += events
  return read
}

/** So many objects like the sampled ones, encoded for this destination. */
export function forecast(objects: number, { objects: sampled, events, records }: Sample, exporter: Exporter): Forecast {
  const encoded = records.reduce((sum, record) => sum + exporter.encode(record).bytes.byteLength, 0)
  const expected = sampled === 0 ? 0 : Math.round((events / sampled) * objects)
  return {
    objects,
    events: expected,
    bytes: records.length === 0 ? 0 : Math.round((encoded / records.length) * expected),
  }
}
