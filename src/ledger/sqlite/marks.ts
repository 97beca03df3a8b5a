// A list of marks as bytes: 36 for each object, sorted by mark, which is found by halving. A mark is 8 bytes of a hash of
// store and key, then 16 of a hash of store, key and version: versions of one key are neighbours, and an object that was
// never seen is taken for a known one only where 128 bits of SHA-256 agree. The object's number follows, and the shelf
// that has the rest.
import { hash } from 'node:crypto'
import type { Sighting } from '../../domain/objects.ts'

const keyBytes = 8
const markBytes = 24
const numberBytes = 6
const entryBytes = markBytes + 2 * numberBytes

export type Named = Pick<Sighting, 'key' | 'version'>

export interface Entry {
  readonly ref: number
  readonly shelf: number
}

export interface Marked extends Entry {
  readonly mark: Buffer
}

export function markOf(store: string, { key, version }: Named): Buffer {
  return Buffer.concat([keyMark(store, key), digest(store, key, version).subarray(0, markBytes - keyBytes)])
}

/** Where the marks of the key's versions begin. */
export function keyMark(store: string, key: string): Buffer {
  return digest(store, key).subarray(0, keyBytes)
}

/** As JSON, so that no two lists of texts are one text. */
function digest(...texts: readonly string[]): Buffer {
  return hash('sha256', JSON.stringify(texts), 'buffer')
}

export function find(list: Buffer, mark: Buffer): Entry | undefined {
  const at = lowest(list, mark)
  return begins(list, at, mark) ? entryAt(list, at) : undefined
}

/** All objects whose marks begin so. */
export function beginning(list: Buffer, mark: Buffer): Entry[] {
  const entries: Entry[] = []
  for (let at = lowest(list, mark); begins(list, at, mark); at += entryBytes) entries.push(entryAt(list, at))
  return entries
}

/**
 * The list with more in it, or with what is in it already on another shelf. What lies between two new entries is copied
 * as it is: an hour may have very many objects, and is merged with each few hundred of them that are sealed.
 */
export function merged(list: Buffer, more: readonly Marked[]): Buffer {
  const latest = new Map(more.map((entry) => [entry.mark.toString('latin1'), entry]))
  const parts: Buffer[] = []
  let from = 0
  for (const entry of [...latest.values()].sort((a, b) => a.mark.compare(b.mark))) {
    const at = lowest(list, entry.mark)
    parts.push(list.subarray(from, at), written(entry))
    from = begins(list, at, entry.mark) ? at + entryBytes : at
  }
  return Buffer.concat([...parts, list.subarray(from)])
}

function written({ mark, ref, shelf }: Marked): Buffer {
  const entry = Buffer.alloc(entryBytes)
  mark.copy(entry)
  entry.writeUIntBE(ref, markBytes, numberBytes)
  entry.writeUIntBE(shelf, markBytes + numberBytes, numberBytes)
  return entry
}

function entryAt(list: Buffer, at: number): Entry {
  return {
    ref: list.readUIntBE(at + markBytes, numberBytes),
    shelf: list.readUIntBE(at + markBytes + numberBytes, numberBytes),
  }
}

function begins(list: Buffer, at: number, mark: Buffer): boolean {
  return at < list.length && list.compare(mark, 0, mark.length, at, at + mark.length) === 0
}

/** Where the first entry lies that does not sort before the mark. */
function lowest(list: Buffer, mark: Buffer): number {
  let [from, to] = [0, list.length / entryBytes]
  while (from < to) {
    const middle = (from + to) >> 1
    const at = middle * entryBytes
    if (list.compare(mark, 0, mark.length, at, at + mark.length) < 0) from = middle + 1
    else to = middle
  }
  return from * entryBytes
}
