import type { Piece, PieceChunk, Reader } from '../delivery/reader.ts'
import type { AuditEvent, DecodedChunk, DecodedItem } from '../domain/event.ts'
import { ReadFailure } from '../domain/failures.ts'
import { importStoreOf } from '../domain/imports.ts'
import type { AuditObject } from '../domain/objects.ts'
import { foreignTo } from '../domain/organization.ts'
import { ownStore } from '../domain/own-records.ts'
import type { Ledger } from '../ledger/ledger.ts'
import type { KeptRecord } from '../ledger/repairs.ts'
import { eventId, eventTime } from '../mapping/identity.ts'
import { mapEvent } from '../mapping/map.ts'
import type { Speaker } from '../mapping/own.ts'
import { decodeImport } from '../receiver/csv/decode.ts'
import { type DecodeOptions, decode } from '../receiver/decode/decode.ts'
import { Digests } from '../receiver/digests.ts'
import type { Copies } from '../receiver/imports/copies.ts'
import { Expectation, forgetStops } from './expectation.ts'
import { ownChunk } from './own-reader.ts'
import type { PipelineParts, ReceiverSpec } from './parts.ts'

/** Own records of earlier runs, where none are kept any more. */
const nobody: Speaker = { instance: '', version: '' }

/** Quarantine keeps no more of a record. */
const keptBytes = 1024 * 1024

/** Who wants to know of every event that is read of a receiver, and when it occurred; undefined: nobody. */
export type Noticed = (receiver: string) => ((event: AuditEvent, at: number) => void) | undefined

/** Store → decode → map: an object as the lanes read it. Everything about one object happens in one stream. */
export class AuditReader implements Reader {
  readonly #ledger: Pick<Ledger, 'own'>
  readonly #speaker: Speaker
  readonly #receivers: readonly ReceiverSpec[]
  readonly #digests: ReadonlyMap<string, Digests>
  /** Made with the first reading that counts: who only looks (`glance`, `revive`) may have a ledger he must not write. */
  readonly #expectations: () => ReadonlyMap<string, Expectation>
  readonly #decode: DecodeOptions
  readonly #staging: Copies | undefined
  readonly #noticed: Noticed | undefined

  constructor(
    parts: Pick<PipelineParts, 'receivers' | 'decode' | 'ledger' | 'clock' | 'tell' | 'own'> & {
      readonly imports?: Pick<NonNullable<PipelineParts['imports']>, 'staging'> | undefined
    },
    noticed?: Noticed,
  ) {
    const { receivers, ledger, clock, tell } = parts
    this.#ledger = ledger
    this.#speaker = parts.own ?? nobody
    const altered = (object: AuditObject, sha1: string): boolean => ledger.altered(object, sha1, clock.now())
    this.#receivers = receivers.toSorted((a, b) => b.store.prefix.length - a.store.prefix.length)
    this.#digests = new Map(receivers.map(({ id }) => [id, new Digests({ receiver: id, tell, altered })]))
    let made: ReadonlyMap<string, Expectation> | undefined
    this.#expectations = () => {
      made ??= expectations(parts)
      return made
    }
    this.#decode = parts.decode
    this.#staging = parts.imports?.staging
    this.#noticed = noticed
  }

  async *read(object: AuditObject, signal: AbortSignal): AsyncGenerator<PieceChunk> {
    if (object.store === ownStore) {
      yield this.#own(object)
      return
    }
    const receiver = this.#mustHave(object)
    const expectation = this.#expectations().get(receiver.id)
    expectation?.admit(object.key)
    const chunks = await this.#opened(object, receiver, signal)
    const notice = this.#noticed?.(receiver.id)
    for await (const chunk of expectation?.sifted(chunks, object.key) ?? chunks) {
      const made = pieces(chunk, object, receiver)
      if (notice !== undefined) tellOf(chunk, made, notice)
      yield made
    }
  }

  async #opened(
    object: AuditObject,
    { id, store }: ReceiverSpec,
    signal: AbortSignal,
  ): Promise<AsyncIterable<DecodedChunk>> {
    if (importStoreOf(object.store) !== undefined) return decodeImport(this.#staged(object, signal), this.#decode)
    const body = await store.read(object, signal)
    return decode(this.#digests.get(id)?.watched(object, body) ?? body, this.#decode)
  }

  /**
   * What is in the bytes that quarantine kept of a stretch, as its object would show it: pieces that cover the stretch,
   * bad ones included. None where nothing can be said: no receiver is left to say how it is mapped.
   */
  async revive(object: AuditObject, kept: KeptRecord): Promise<readonly Piece[]> {
    if (object.store === ownStore) return this.#own(object).pieces
    const receiver = this.#receiverOf(object)
    if (receiver === undefined) return []
    const items: DecodedItem[] = []
    for await (const chunk of decode(once(kept.bytes), this.#decode)) items.push(...chunk.items)
    return pieces({ from: kept.from, to: kept.to, end: false, items: items.map(placed(kept)) }, object, receiver).pieces
  }

  #own({ ref, key }: AuditObject): PieceChunk {
    const record = this.#ledger.own(ref)
    if (record === undefined) throw new Error(`the own record ${key} was forgotten although somebody waits for it`)
    return ownChunk(record, this.#speaker)
  }

  /** The same for an object that need not be the ledger's: nothing is noted of it. */
  async *glance(object: AuditObject, signal: AbortSignal): AsyncGenerator<PieceChunk> {
    const receiver = this.#mustHave(object)
    const chunks =
      importStoreOf(object.store) === undefined
        ? decode(await receiver.store.read(object, signal), this.#decode)
        : decodeImport(this.#staged(object, signal), this.#decode)
    for await (const chunk of chunks) yield pieces(chunk, object, receiver)
  }

  #staged(object: AuditObject, signal: AbortSignal): AsyncIterable<Uint8Array> {
    if (this.#staging !== undefined) return this.#staging.read(object, signal)
    throw new ReadFailure('gone', `cannot read ${object.key}: nothing is staged beside a ledger in memory`)
  }

  #mustHave(object: AuditObject): ReceiverSpec {
    const receiver = this.#receiverOf(object)
    if (receiver !== undefined) return receiver
    const hint = 'configure a receiver with this store again, or let the rows rest'
    throw new ReadFailure('denied', `cannot read ${object.key}: no receiver has the store ${object.store}`, { hint })
  }

  /** Several receivers may share a bucket: the one with the longest prefix of the key, else any with the bucket. */
  #receiverOf({ store, key }: AuditObject): ReceiverSpec | undefined {
    const imported = importStoreOf(store)
    if (imported !== undefined) return this.#receivers.find(({ id }) => id === imported)
    const sharing = this.#receivers.filter((receiver) => receiver.store.uri === store)
    return sharing.find(({ store: { prefix } }) => prefix === '' || key.startsWith(`${prefix}/`)) ?? sharing[0]
  }
}

/** For the receivers that expect somebody. */
function expectations({
  receivers,
  ledger: { belongings },
  clock,
  tell,
}: Pick<PipelineParts, 'receivers' | 'ledger' | 'clock' | 'tell'>): ReadonlyMap<string, Expectation> {
  const expected = new Map(receivers.map(({ id, expectOrganization }) => [id, expectOrganization]))
  forgetStops(expected, { belongings, tell })
  const made = [...expected].flatMap(([receiver, expected]): [string, Expectation][] =>
    expected === undefined ? [] : [[receiver, new Expectation({ receiver, expected, belongings, clock, tell })]],
  )
  return new Map(made)
}

function pieces(chunk: DecodedChunk, object: AuditObject, receiver: ReceiverSpec): PieceChunk {
  const source = { store: object.store, key: object.key, seenAt: object.seenAt, attributes: receiver.attributes }
  const { from, to, end } = chunk
  return {
    from,
    to,
    end,
    pieces: chunk.items.map((item) => piece(ours(item, receiver), object.time, source, receiver)),
  }
}

/** Of the events that are the receiver's own. */
function tellOf(
  { items }: DecodedChunk,
  { pieces }: PieceChunk,
  notice: (event: AuditEvent, at: number) => void,
): void {
  for (const [index, { at, bad }] of pieces.entries()) {
    const event = items[index]?.event
    if (event !== undefined && bad === undefined) notice(event, at)
  }
}

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes
}

/** Items of kept bytes at their places in the object. Blanks around the text belong to the first and the last of them. */
function placed({ from, to, offset, line }: KeptRecord): typeof place {
  function place(item: DecodedItem, index: number, { length }: { readonly length: number }): DecodedItem {
    return {
      ...item,
      from: index === 0 ? from : offset + item.from,
      to: index === length - 1 ? to : offset + item.to,
      offset: offset + item.offset,
      line: line + item.line - 1,
    }
  }
  return place
}

/** The item, or where it is another organisation's event, a stretch that is not to be forwarded. */
function ours(item: DecodedItem, { expectOrganization }: ReceiverSpec): DecodedItem {
  if (expectOrganization === undefined || item.event === undefined) return item
  const reason = foreignTo(expectOrganization, item.event)
  if (reason === undefined) return item
  const { event: _, ...stretch } = item
  const bytes = Buffer.from(item.text)
  return { ...stretch, bad: { reason, bytes: bytes.subarray(0, keptBytes), length: bytes.length } }
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
