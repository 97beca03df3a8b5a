// A bucket with the worst objects in it: an array of two gigabytes on one line, a line of a hundred megabytes, a
// decompression bomb, binary junk, gzip that is damaged at its very end, one that is cut off while it is read, one that its
// key refuses, one that is archived and, at full size, one whose first reading stalls. What can be read arrives, what cannot is kept or stays outstanding for a reason,
// the good objects between them arrive at once, and memory stays bounded by the settings.
import { createHash } from 'node:crypto'
import { gzipSync } from 'node:zlib'
import type { StatusDocument } from '../../../src/admin/status.ts'
import { type Case, inScene, must, type Size, seconds } from '../stage/case.ts'
import { type AuditFile, type Corpus, keyOf } from '../stage/corpus.ts'
import { otlp } from '../stage/exporters.ts'
import { type StreamedObject, StreamingBucket } from '../stage/streaming-bucket.ts'
import { mustBeWhole } from '../stage/tally.ts'

const MB = 1_000_000
const MIB = 1024 ** 2
/** Resident memory at its highest, in bytes. */
const CEILING = 300_000_000
const sizes = {
  small: { array: 24 * MB, line: 8 * MB, junk: 2 * MB, bomb: 100 * MB },
  full: { array: 2_000 * MB, line: 100 * MB, junk: 100 * MB, bomb: 10_000 * MB },
}

export const hostile: Case = inScene('hostile', async (scene, size) => {
  const good = Array.from({ length: 20 }, (_, hour) => scene.corpus.file(at(hour), 50))
  const array = arrayOf(scene.corpus, sizes[size].array)
  const damaged = scene.corpus.file(at(21), 2_000)
  // The store's own limit is a minute, which is too long for the small size.
  const stalled = size === 'full' ? [scene.corpus.file(at(20), 2_000)] : []
  const wanted = [...[...good, ...stalled].flatMap(({ ids }) => ids), ...array.ids, ...damaged.ids]
  const stalling = stalled.map((file) => ({ ...halved(file), stalls: { at: 1, readings: 1 } }))
  const bucket = await StreamingBucket.start([
    array.object,
    ...unreadable(size, damaged),
    ...good.map(whole),
    ...stalling,
  ])
  try {
    const collector = await scene.destination('otlp')
    await scene.configure({ receiver: bucket.settings(), exporters: { otlp_http: otlp(collector, 1_000) } })
    const forwarder = scene.start()
    const begun = performance.now()
    const arrived = async (): Promise<boolean> => (await collector.records()) >= wanted.length
    await forwarder.until('what can be read has arrived', arrived, 600_000)
    let status: StatusDocument = JSON.parse((await scene.page(`${scene.adminUrl}/api/status`)).body)
    const settled = async (): Promise<boolean> => {
      status = JSON.parse((await scene.page(`${scene.adminUrl}/api/status`)).body)
      return status.totals.outstanding === 3 && status.totals.duplicates === array.copies
    }
    await forwarder.until('all but the unreadable is settled', settled, 900_000)
    const took = performance.now() - begun
    const peak = forwarder.peakBytes()
    await forwarder.stop()
    await forwarder.mustExit(0)
    mustBeWhole('otlp_http', wanted, await collector.ids())
    mustBeTold(forwarder.stderr)
    must(peak <= CEILING, `peak memory was ${Math.round(peak / MIB)} MiB`)
    const { objects, bad, duplicates, outstanding, altered } = status.totals
    // All that were read to their end, and whose keys were made from their names.
    must(altered === 4, `${altered} objects count as altered`)
    for (const { key } of stalling)
      must((bucket.readings.get(key) ?? 0) > 1, 'the object that stalls was not read again')
    return { objects, bad, duplicates, outstanding, altered, peakMiB: Math.round(peak / MIB), seconds: seconds(took) }
  } finally {
    await bucket.stop()
  }
})

function at(hour: number): number {
  return Date.now() - (hour + 1) * 600_000
}

function whole({ key, body }: AuditFile): StreamedObject {
  return { key, size: Buffer.byteLength(body), pieces: () => [Buffer.from(body)] }
}

function halved({ key, body }: AuditFile): StreamedObject {
  const bytes = Buffer.from(body)
  const half = bytes.length >> 1
  return { key, size: bytes.length, pieces: () => [bytes.subarray(0, half), bytes.subarray(half)] }
}

/** A thousand events, over and over, in one array on one line. */
function arrayOf(corpus: Corpus, bytes: number) {
  const lines = Array.from({ length: 1_000 }, () => corpus.line(at(22)))
  const part = Buffer.from(`${lines.map(({ text }) => text).join(',')},`)
  const times = Math.ceil(bytes / part.length)
  const end = Buffer.from(`${lines[0]?.text}]`)
  function* pieces(): Generator<Uint8Array> {
    yield Buffer.from('[')
    for (let time = 0; time < times; time += 1) yield part
    yield end
  }
  const object = { key: keyOf(at(22), 'array'), size: 1 + times * part.length + end.length, pieces }
  return { object, ids: lines.map(({ id }) => id), copies: (times - 1) * 1_000 + 1 }
}

function unreadable(size: Size, { body }: AuditFile): readonly StreamedObject[] {
  const { line, junk, bomb } = sizes[size]
  const noise = createHash('shake256', { outputLength: MB }).update('noise').digest()
  const member = gzipSync(Buffer.alloc(100 * MB, ' '))
  const packed = gzipSync(body)
  packed[packed.length - 8] = (packed[packed.length - 8] ?? 0) ^ 1
  const refusal = (code: string, message: string) => ({ status: 403, code, message })
  const kms = 'User is not authorized to perform: kms:Decrypt on the resource associated with this ciphertext'
  const cut = repeated('cut', Buffer.alloc(MB, 'x'), 3)
  return [
    repeated('line', Buffer.alloc(MB, 'x'), line / MB, '{"id":"', '"}\n'),
    repeated('junk', noise, junk / MB),
    repeated('bomb', member, bomb / (100 * MB)),
    repeated('damaged', packed, 1),
    { ...cut, cutAt: 2 * MB },
    { ...repeated('denied', noise, 1), refusal: refusal('AccessDenied', kms) },
    { ...repeated('archived', noise, 1), refusal: refusal('InvalidObjectState', 'The operation is not valid') },
  ]
}

function repeated(name: string, part: Uint8Array, times: number, head = '', tail = ''): StreamedObject {
  function* pieces(): Generator<Uint8Array> {
    if (head !== '') yield Buffer.from(head)
    for (let time = 0; time < times; time += 1) yield part
    if (tail !== '') yield Buffer.from(tail)
  }
  return { key: keyOf(at(23), name), size: head.length + times * part.length + tail.length, pieces }
}

/** Each for its reason, in the log. */
function mustBeTold(log: string): void {
  const reasons = [
    'longer than the limit of 4194304 bytes',
    'not JSON: neither { nor [ where an event should begin',
    'times its compressed size',
    'incorrect data check',
    'kms:Decrypt',
    'restore the object from its archive class',
    // The one that is cut off.
    '"kind":"unreachable"',
  ]
  for (const reason of reasons) must(log.includes(reason), `the log does not say: ${reason}`)
}
