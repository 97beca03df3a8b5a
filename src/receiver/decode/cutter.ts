import type { DecodedItem } from '../../domain/event.ts'

/** Bytes go in as they come, items come out in order. */
export interface Cutter {
  push(piece: Uint8Array): void
  /** No more bytes will come. With a reason if the object did not end but broke. */
  end(broken?: string): void
  /** The next item; undefined if it takes more bytes, or, after `end`, if there is none. */
  take(): DecodedItem | undefined
  /** After the last item: the object's length. */
  readonly length: number
}
