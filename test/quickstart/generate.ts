// Writes deploy/quickstart/bucket: a week of audit objects as CircleCI lays them down, with everything in it that a
// forwarder has to cope with. By hand, after a change here:
//
//   node --conditions=@circleci-audit-forwarder/source test/quickstart/generate.ts
//
// The test beside this file fails while what it makes and what is committed differ.
import { createHash } from 'node:crypto'
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { crc32 } from 'node:zlib'
import { type StoryEvent, week } from './story.ts'

const seed = 84
/** Events of ten minutes go into one object, written a few seconds after them. */
const window = 10 * 60_000

export const bucket = fileURLToPath(new URL('../../deploy/quickstart/bucket', import.meta.url))

interface Batch {
  readonly written: number
  lines: string[]
  ending: '\n' | '\r\n'
  zipped: boolean
  torn: boolean
}

function batches(events: readonly StoryEvent[]): Batch[] {
  const byWindow = Map.groupBy(events, ({ at }) => Math.floor(at / window))
  return [...byWindow].map(([n, inside]) => ({
    written: (n + 1) * window + 4000 + (n % 23) * 1000,
    lines: inside.map(({ text }) => text),
    ending: '\n',
    zipped: false,
    torn: false,
  }))
}

/** The first batch from `from` on with at least `lines` lines. */
function find(all: readonly Batch[], from: number, lines: number): number {
  return all.findIndex((batch, n) => n >= from && batch.lines.length >= lines)
}

/** What goes wrong in this week, each once. */
function spoil(all: Batch[]): void {
  const repeated = find(all, 12, 4)
  all[repeated + 1]!.lines.unshift(...all[repeated]!.lines.slice(-3)) // delivered again, in the next object
  const doubled = all[find(all, 30, 3)]!
  doubled.lines.splice(2, 0, doubled.lines[0]!) // the same line twice in one object
  all[find(all, 40, 4)]!.ending = '\r\n'
  all[find(all, 55, 5)]!.zipped = true
  const torn = find(all, 70, 4)
  all[torn]!.torn = true // cut in the middle of its last event, which comes whole with the next object
  all[torn + 1]!.lines.unshift(all[torn]!.lines.at(-1)!)
}

function bodyOf(batch: Batch): Buffer<ArrayBuffer> {
  const text = batch.lines.join(batch.ending) + batch.ending
  const bytes = Buffer.from(batch.torn ? text.slice(0, -Math.floor(batch.lines.at(-1)!.length / 2)) : text)
  return batch.zipped ? gzipped(bytes) : bytes
}

/** gzip with stored blocks, written out: how well zlib compresses differs by version, and these bytes must not. */
function gzipped(bytes: Buffer<ArrayBuffer>): Buffer<ArrayBuffer> {
  const parts = [Buffer.from('1f8b08000000000000ff', 'hex')]
  for (let at = 0; at < bytes.length; at += 0xffff) {
    const block = bytes.subarray(at, at + 0xffff)
    const head = Buffer.alloc(5)
    head.writeUInt8(at + 0xffff >= bytes.length ? 1 : 0, 0)
    head.writeUInt16LE(block.length, 1)
    head.writeUInt16LE(~block.length & 0xffff, 3)
    parts.push(head, block)
  }
  const tail = Buffer.alloc(8)
  tail.writeUInt32LE(crc32(bytes), 0)
  tail.writeUInt32LE(bytes.length, 4)
  return Buffer.concat([...parts, tail])
}

function keyOf(written: number, body: Buffer): string {
  const stamp = new Date(written).toISOString().slice(0, 19)
  const [year, month, day, hour] = stamp.split(/[-T:]/)
  const sha1 = createHash('sha1').update(body).digest('hex')
  return `year=${year}/month=${month}/day=${day}/hour=${hour}/${stamp}_${sha1}`
}

/** The whole bucket: key → body. */
export function objects(): ReadonlyMap<string, Buffer> {
  const all = batches(week(seed))
  spoil(all)
  const probe = ['circleci_connectivity_test_2026-11-09T00:00:00', Buffer.alloc(0)] as const
  const bodies = all.map((batch) => [batch.written, bodyOf(batch)] as const)
  return new Map([probe, ...bodies.map(([written, body]) => [keyOf(written, body), body] as const)])
}

if (import.meta.main) {
  rmSync(bucket, { recursive: true, force: true })
  for (const [key, body] of objects()) {
    const path = join(bucket, key)
    mkdirSync(dirname(path), { recursive: true })
    writeFileSync(path, body)
  }
}
