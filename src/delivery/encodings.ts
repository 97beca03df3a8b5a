// Two destinations that write a record alike (an indexer and its stand-in, two collectors) need its bytes once. A chunk
// keeps what the first of them encoded until it is dropped itself, for those keys only that several exporters share: for
// everyone else nothing is kept and nothing is looked up. Rejected: one store of encodings with its own bound, since the
// lanes that profit are the ones in step, and these meet in the chunk.
import type { Encoded, Exporter, LogRecord } from '@circleci-audit-forwarder/contract'

/** The keys that more than one of the exporters has. */
export function sharedKeys(exporters: readonly Exporter[]): ReadonlySet<string> {
  const keys = exporters.flatMap(({ encodingKey }) => (encodingKey === undefined ? [] : [encodingKey]))
  return new Set(keys.filter((key, index) => keys.indexOf(key) < index))
}

/** The encodings of one chunk's records. */
export class Encodings {
  readonly #shared: ReadonlySet<string>
  readonly #known = new Map<string, Map<LogRecord, Encoded>>()

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
    return encoded
  }

  #ofKey(key: string): Map<LogRecord, Encoded> {
    const known = this.#known.get(key) ?? new Map<LogRecord, Encoded>()
    this.#known.set(key, known)
    return known
  }
}
