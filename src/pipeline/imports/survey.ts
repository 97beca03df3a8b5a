import type { DecodedChunk } from '../../domain/event.ts'
import { occurredAt } from '../../mapping/identity.ts'
import { toMillis } from '../../mapping/time.ts'

/** What a file holds, found by reading it once. */
export interface Survey {
  /** Rows with an event, and without. */
  readonly rows: number
  readonly unreadable: number
  /** Of the earliest and the latest event that tells its time, in milliseconds since 1970. */
  readonly from: number | undefined
  readonly to: number | undefined
  /** Why the first unreadable row is. */
  readonly reason: string | undefined
}

/** Reads all of it. Fails with what the chunks fail with. */
export async function survey(chunks: AsyncIterable<DecodedChunk>): Promise<Survey> {
  let [rows, unreadable, reason] = [0, 0, undefined as string | undefined]
  let [from, to] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]
  for await (const { items } of chunks) {
    for (const { event, bad } of items) {
      if (event === undefined) {
        unreadable += 1
        reason ??= bad?.reason
        continue
      }
      rows += 1
      const time = occurredAt(event)
      if (time === undefined) continue
      from = Math.min(from, toMillis(time))
      to = Math.max(to, toMillis(time))
    }
  }
  const isTimed = from <= to
  return { rows, unreadable, reason, from: isTimed ? from : undefined, to: isTimed ? to : undefined }
}
