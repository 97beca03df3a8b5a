// Two destinations that write a record alike (an indexer and its stand-in, two collectors) need its bytes once. A chunk
// keeps what the first of them encoded until it is dropped itself, for those keys only that several exporters share: for
// everyone else nothing is kept and nothing is looked up. What is kept counts as memory of the chunk. Rejected: one store of encodings with its own bound, since the
// lanes that profit are the ones in step, and these meet in the chunk.
import type { Encoded, Exporter, LogRecord } from '@circleci-audit-forwarder/contract'

/** The keys that more than one of the exporters has. */
export function sharedKeys(exporters: readonly Exporter[]): ReadonlySet<string> {
  const keys = exporters.flatMap(({ encodingKey }) => (encodingKey === undefined ? [] : [encodingKey]))
  return new Set(keys.filter((key, index) => keys.indexOf(key) < index))
}

/** What an encoding takes in memory, measured: its bytes, what a body compressed from it takes, and what refers to it. */
const WEIGHT_PER_BYTE = 1.25
const WEIGHT_PER_ENCODING = 200

/** The encodings of one chunk's records. */
export class Encodings {
  readonly #shared: ReadonlySet<string>
  readonly #known = new Map<string, Map<LogRecord, Encoded>>()
  #grown: ((weight: number) => void) | undefined

  constructor(shared: ReadonlySet<string>) {
    this.#shared = shared
  }

  /** By the record's identity: what a processor has changed is another record. Throws what the exporter throws. */
  encode(exporter: Exporter, record: LogRecord): Encoded {
    const key = exporter.encodingKey
    if (key === undefined || !this.#shared.has(key)) return exporter.encode(record)
    const known = this.#ofKey(key)
    const before = known.get(record)
    if (before !== undefined) return before
    const encoded = exporter.encode(record)
    known.set(record, encoded)
    this.#grown?.(encoded.bytes.byteLength * WEIGHT_PER_BYTE + WEIGHT_PER_ENCODING)
    return encoded
  }

  /** Who is to be told what more they weigh; nobody any more, once the chunk is no longer kept. */
  tell(grown: ((weight: number) => void) | undefined): void {
    this.#grown = grown
  }

  #ofKey(key: string): Map<LogRecord, Encoded> {
    const known = this.#known.get(key) ?? new Map<LogRecord, Encoded>()
    this.#known.set(key, known)
    return known
  }
}
