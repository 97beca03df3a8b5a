// What must hold of the chunks of any body.
import { createHash } from 'node:crypto'
import { expect } from 'vitest'
import type { DecodedChunk } from '../../../src/domain/event.ts'

/** Stretches are contiguous, cover the body, and say truly where they are and what they are the hash of. */
export function expectSound(chunks: readonly DecodedChunk[], bytes: Buffer): void {
  let at = 0
  for (const [index, chunk] of chunks.entries()) {
    expect(chunk.from).toBe(at)
    for (const item of chunk.items) {
      expect(item.from).toBe(at)
      expect(item.to).toBeGreaterThan(item.from)
      expect(item.offset).toBeGreaterThanOrEqual(item.from)
      expect(item.offset).toBeLessThanOrEqual(item.to)
      expect(item.line).toBe(bytes.subarray(0, item.offset).filter((byte) => byte === 10).length + 1)
      const own = bytes.subarray(item.offset, item.offset + (item.bad?.length ?? Buffer.byteLength(item.text)))
      if (item.bad !== undefined || own.toString() === item.text) {
        expect(item.sha256).toBe(createHash('sha256').update(own).digest('hex'))
      }
      expect((item.event === undefined) !== (item.bad === undefined)).toBe(true)
      at = item.to
    }
    expect(chunk.end).toBe(index === chunks.length - 1)
    expect(chunk.to).toBeGreaterThanOrEqual(at)
    at = chunk.to
  }
  const last = chunks.flatMap((chunk) => chunk.items).at(-1)
  expect(at - bytes.length).toBe(last?.bad?.length === 0 && last.from === bytes.length ? 1 : 0)
}
