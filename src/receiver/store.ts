import type { Sighting } from '../domain/objects.ts'

/** One page of a listing. */
export interface Page {
  readonly objects: readonly Sighting[]
  /** The store's own clock when it answered (its Date header), in milliseconds since 1970. */
  readonly date?: number
}

/** Where audit objects lie. Three methods, and what it may know of its own rules; every implementation passes `test/receiver/store-suite.ts`. */
export interface Store {
  /** The store's identity in the ledger, e.g. `s3://acme-circleci-audit`. Without the prefix. */
  readonly uri: string
  /** The configured prefix, without slashes at its ends; empty for none. Keys of sightings include it. */
  readonly prefix: string
  /**
   * Every object whose key begins with prefix + `/` + `under`. Order is the store's own.
   * Throws SourceFailure (with the missing permission named) if any page cannot be had.
   */
  list(under: string, signal: AbortSignal): AsyncIterable<Page>
  /** One object by key, as `list` would show it; undefined if there is none. Throws SourceFailure. */
  stat(key: string, signal: AbortSignal): Promise<Sighting | undefined>
  /**
   * The object's bytes as stored, in this very version. Rejects, or fails while iterating, with ReadFailure; a body
   * shorter than its announced length is a failure of kind `unreachable`, never an end.
   */
  read(object: Sighting, signal: AbortSignal): Promise<AsyncIterable<Uint8Array>>
  /**
   * How long objects stay, in milliseconds, for stores with rules that may remove them by age: Infinity where none does,
   * undefined where the rules cannot be read now. Never rejects.
   */
  retention?(signal: AbortSignal): Promise<number | undefined>
}
