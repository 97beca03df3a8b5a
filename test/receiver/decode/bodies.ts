import type { DecodedChunk, DecodedItem } from '../../../src/domain/event.ts'
import { type DecodeOptions, decode } from '../../../src/receiver/decode/decode.ts'

/** An event's text on one line. */
export function event(id: string, more: Record<string, unknown> = {}): string {
  return JSON.stringify({ id, action: 'project.add', occurred_at: '2026-03-04T14:02:11.123456789Z', ...more })
}

/** A body in pieces of the given sizes, over and over. */
export async function* pieces(
  body: string | Uint8Array,
  sizes: readonly number[] = [65536],
): AsyncGenerator<Uint8Array> {
  const bytes = Buffer.from(body)
  for (let at = 0, turn = 0; at < bytes.length; turn += 1) {
    const size = Math.max(1, sizes[turn % sizes.length] ?? 1)
    yield bytes.subarray(at, at + size)
    at += size
  }
}

export async function chunksOf(body: AsyncIterable<Uint8Array>, options: DecodeOptions = {}): Promise<DecodedChunk[]> {
  const chunks: DecodedChunk[] = []
  for await (const chunk of decode(body, options)) chunks.push(chunk)
  return chunks
}

export async function itemsOf(body: string | Uint8Array, options: DecodeOptions = {}, sizes?: readonly number[]) {
  return (await chunksOf(pieces(body, sizes), options)).flatMap((chunk) => chunk.items)
}

/** Items in short: an event's id, or `!` and the bad text. */
export function brief(items: readonly DecodedItem[]): string[] {
  return items.map((item) => (item.bad === undefined ? String(item.event?.id) : `!${item.text}`))
}
