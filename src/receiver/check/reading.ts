import { type Finding, failedFinding } from '../../domain/finding.ts'
import type { Sighting } from '../../domain/objects.ts'
import { bytes, count } from '../../telemetry/units.ts'
import { decode } from '../decode/decode.ts'
import { bodyFormat } from '../decode/format.ts'
import type { Store } from '../store.ts'

/** So much of an object is decoded, in decompressed bytes; the rest is left in the store. */
const ENOUGH = 1024 * 1024
const HEAD = 64 * 1024

/** Whether one object can be read and holds what it should. Never rejects for what the store answers. */
export async function readingFinding(store: Store, object: Sighting, signal: AbortSignal): Promise<Finding> {
  const what = 'the newest object can be read and decoded'
  try {
    return verdict(what, object, await read(store, object, signal))
  } catch (error) {
    const vanished = (error as { kind?: unknown }).kind === 'gone'
    return failedFinding(what, error, vanished ? 'unknown' : 'error')
  }
}

interface Read {
  events: number
  bad: number
  reason: string
  head: Buffer
}

async function read(store: Store, object: Sighting, signal: AbortSignal): Promise<Read> {
  const result: Read = { events: 0, bad: 0, reason: '', head: Buffer.alloc(0) }
  const body = await store.read(object, signal)
  for await (const chunk of decode(watched(body, result))) {
    for (const { bad } of chunk.items) {
      if (bad === undefined) result.events += 1
      else result.bad += 1
      result.reason ||= bad?.reason ?? ''
    }
    if (chunk.to >= ENOUGH) break
  }
  return result
}

async function* watched(body: AsyncIterable<Uint8Array>, result: Read): AsyncGenerator<Uint8Array> {
  for await (const piece of body) {
    if (result.head.length < HEAD) result.head = Buffer.concat([result.head, piece]).subarray(0, HEAD)
    yield piece
  }
}

function verdict(what: string, object: Sighting, { events, bad, reason, head }: Read): Finding {
  const seen = `${object.key}: ${bodyFormat(head)}, ${bytes(object.size)}, ${count(events, 'event')}`
  if (bad === 0) return { level: 'ok', what, detail: seen }
  const trouble = `${seen}, ${count(bad, 'stretch', 'stretches')} that cannot be read as an event: ${reason}`
  if (events > 0) {
    const next = 'such stretches are kept in quarantine, the events beside them are delivered; look at the object'
    return { level: 'warning', what, detail: trouble, next }
  }
  return { level: 'error', what, detail: trouble, next: 'see with `profile --shape` what lies there, and report it' }
}
