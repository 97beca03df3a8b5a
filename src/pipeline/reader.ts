import type { Piece, PieceChunk, Reader } from '../delivery/reader.ts'
import type { DecodedChunk, DecodedItem } from '../domain/event.ts'
import { ReadFailure } from '../domain/failures.ts'
import type { AuditObject } from '../domain/objects.ts'
import { eventId, eventTime } from '../mapping/identity.ts'
import { mapEvent } from '../mapping/map.ts'
import { type DecodeOptions, decode } from '../receiver/decode/decode.ts'
import type { ReceiverSpec } from './parts.ts'

/** Store → decode → map: an object as the lanes read it. Everything about one object happens in one stream. */
export class AuditReader implements Reader {
  readonly #receivers: readonly ReceiverSpec[]
  readonly #decode: DecodeOptions

  constructor(receivers: readonly ReceiverSpec[], options: DecodeOptions) {
    this.#receivers = receivers.toSorted((a, b) => b.store.prefix.length - a.store.prefix.length)
    this.#decode = options
  }

  async *read(object: AuditObject, signal: AbortSignal): AsyncGenerator<PieceChunk> {
    const receiver = this.#receiverOf(object)
    if (receiver === undefined) {
      const hint = 'configure a receiver with this store again, or let the rows rest'
      throw new ReadFailure('denied', `cannot read ${object.key}: no receiver has the store ${object.store}`, { hint })
    }
    const body = await receiver.store.read(object, signal)
    for await (const chunk of decode(body, this.#decode)) yield pieces(chunk, object, receiver)
  }

  /** Several receivers may share a bucket: the one with the longest prefix of the key, else any with the bucket. */
  #receiverOf({ store, key }: AuditObject): ReceiverSpec | undefined {
    const sharing = this.#receivers.filter((receiver) => receiver.store.uri === store)
    return sharing.find(({ store: { prefix } }) => prefix === '' || key.startsWith(`${prefix}/`)) ?? sharing[0]
  }
}

function pieces(chunk: DecodedChunk, object: AuditObject, receiver: ReceiverSpec): PieceChunk {
  const source = { store: object.store, key: object.key, seenAt: object.seenAt, attributes: receiver.attributes }
  const { from, to, end } = chunk
  return { from, to, end, pieces: chunk.items.map((item) => piece(item, object.time, source, receiver)) }
}

function piece(
  item: DecodedItem,
  objectTime: number,
  source: Parameters<typeof mapEvent>[1],
  { mapping }: ReceiverSpec,
): Piece {
  const { from, to, offset, line, sha256, bad } = item
  const place = { from, to, offset, line, sha256, id: eventId(item), at: eventTime(item, objectTime) }
  return bad === undefined ? { ...place, record: mapEvent(item, source, mapping) } : { ...place, bad }
}
