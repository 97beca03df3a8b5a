// One file in MaxMind's format, read whole into memory. The reader of the package `maxmind` is used and its watcher is
// not: that one reads a file while it is being written, and an unreadable one ends the process. The package is loaded
// only where a database is configured.
import { readFile } from 'node:fs/promises'
import type { Reader, Response } from 'maxmind'

/** A database, opened. */
export interface Mmdb {
  /** What it calls itself, e.g. `GeoLite2-City`. */
  readonly kind: string
  /** When it was made, in milliseconds since 1970. */
  readonly builtAt: number
  /** The entry for an address in plain notation; null or undefined for none. Throws where the file is damaged. */
  find(address: string): unknown
}

/** Entries kept decoded. The same few addresses come again and again. */
const cachedEntries = 10_000

/** Networks all over the tree: an entry that cannot be decoded is better met here than in the middle of an event. */
const samples = [
  '1.1.1.1',
  '8.8.8.8',
  '64.233.160.1',
  '91.198.174.192',
  '133.11.0.1',
  '200.160.2.3',
  '2a00:1450:4001::1',
]

/** Reads and tries the database. Fails with an error that says why the file is none. */
export async function openMmdb(path: string): Promise<Mmdb> {
  const bytes = await readFile(path)
  if (bytes[0] === 0x1f && bytes[1] === 0x8b)
    throw new Error('it is compressed: unpack it, so that its name ends in .mmdb')
  const { Reader } = await import('maxmind')
  const mmdb = databaseOf(readerOf(() => new Reader<Response>(bytes, { cache: new Cache() })))
  try {
    for (const address of samples) mmdb.find(address)
  } catch (error) {
    throw new Error('it is damaged: an entry in it cannot be decoded', { cause: error })
  }
  return mmdb
}

function readerOf(make: () => Reader<Response>): Reader<Response> {
  try {
    const reader = make()
    if (typeof reader.metadata.databaseType === 'string' && reader.metadata.nodeCount > 0) return reader
  } catch (error) {
    throw new Error("it is no database in MaxMind's format, or not all of it", { cause: error })
  }
  throw new Error('it is a database without entries')
}

function databaseOf(reader: Reader<Response>): Mmdb {
  const { databaseType, buildEpoch, ipVersion } = reader.metadata
  return {
    kind: databaseType,
    builtAt: buildEpoch.getTime(),
    // A database of IPv4 would answer for the first half of an IPv6 address.
    find: (address) => (ipVersion === 4 && address.includes(':') ? undefined : reader.get(address)),
  }
}

/** What the reader asks for and puts by. Emptied when it is full: entries are cheap to decode again. */
class Cache {
  readonly #entries = new Map<string | number, unknown>()

  get(key: string | number): unknown {
    return this.#entries.get(key)
  }

  set(key: string | number, value: unknown): void {
    if (this.#entries.size >= cachedEntries) this.#entries.clear()
    this.#entries.set(key, value)
  }
}
